import { textOf } from '../host/account.js';
import { isolation } from './isolation.js';

/** A gateway of 2026.9.6 used 690 MB right after its start; a candidate must not push out the running one. */
const NEEDED_MIB = 1536;

/** @param meminfo text of /proc/meminfo */
export async function candidateBlocker(meminfo = textOf('/proc/meminfo')): Promise<string | null> {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  if (kibibytes === undefined) return 'It is not known how much memory is to be had.';
  const mebibytes = Math.round(Number(kibibytes) / 1024);
  if (mebibytes < NEEDED_MIB) {
    return `There are ${mebibytes} MiB of memory to be had, and a candidate is given ${NEEDED_MIB}.`;
  }
  const found = await isolation();
  return found.available ? null : found.why;
}
