import { readFileSync } from 'node:fs';
import { isolation } from './isolation.js';

/** A gateway of 2026.9.6 was measured at 690 MB right after its start; the running one is not to be pushed out. */
const NEEDED_MIB = 1536;

/**
 * Why a candidate had better not be started on this host now, as one sentence; null where nothing speaks against it.
 * @param meminfo what /proc/meminfo says
 */
export async function candidateBlocker(meminfo = readMeminfo()): Promise<string | null> {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  if (kibibytes === undefined) return 'It is not known how much memory is to be had.';
  const mebibytes = Math.round(Number(kibibytes) / 1024);
  if (mebibytes < NEEDED_MIB) {
    return `There are ${mebibytes} MiB of memory to be had, and a candidate is given ${NEEDED_MIB}.`;
  }
  const found = await isolation();
  return found.available ? null : found.why;
}

function readMeminfo(): string {
  try {
    return readFileSync('/proc/meminfo', 'utf8');
  } catch {
    return '';
  }
}
