import { commandLineOf, openFilesOf, processIds } from './process.js';

export interface Holder {
  pid: number;
  command: string;
}

const LONGEST_COMMAND = 100;

/** Other processes that have a database or its side files open; only those that this user may see. */
export function holdersOf(database: string): Holder[] {
  const files = new Set([database, ...['-wal', '-shm', '-journal'].map((side) => database + side)]);
  return processIds()
    .filter((pid) => pid !== process.pid && openFilesOf(pid).some((path) => files.has(path)))
    .map((pid) => ({ pid, command: commandLineOf(pid).slice(0, LONGEST_COMMAND) }));
}
