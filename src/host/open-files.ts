import { readdirSync, readlinkSync } from 'node:fs';
import { commandLineOf, processIds } from './process.js';

export interface Holder {
  pid: number;
  command: string;
}

const LONGEST_COMMAND = 100;

/** Other processes that have a database or its side files open; only those that this user may see. */
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
        // Closed since `readdir`.
        return [];
      }
    });
  } catch {
    // Exited, or belongs to another user.
    return [];
  }
}
