import { readdirSync, readlinkSync } from 'node:fs';
import { commandLineOf, processIds } from '../host/process.js';

/** A process that has a file open. */
export interface Holder {
  pid: number;
  /** Its command line, shortened, for people to read. */
  command: string;
}

const LONGEST_COMMAND = 100;

/** Other processes that have a database open, or a file that SQLite keeps beside it; only those that may be seen. */
export function holdersOf(database: string): Holder[] {
  const files = new Set([database, ...['-wal', '-shm', '-journal'].map((side) => database + side)]);
  return processIds()
    .filter((pid) => pid !== process.pid && openFiles(pid).some((path) => files.has(path)))
    .map((pid) => ({ pid, command: commandLineOf(pid).slice(0, LONGEST_COMMAND) }));
}

function openFiles(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).flatMap((fd) => {
      try {
        return [readlinkSync(`${directory}/${fd}`)];
      } catch {
        // Closed between two looks.
        return [];
      }
    });
  } catch {
    // Gone, or another user's.
    return [];
  }
}
