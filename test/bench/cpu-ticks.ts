import { readFileSync } from 'node:fs';
import { descendantsOf } from '../../src/host/process.js';

/** Processor time of `pid` and its descendants, in clock ticks (100 a second on Linux). */
export function cpuTicks(pid: number): number {
  return descendantsOf(pid).reduce((total, each) => total + ticksOf(each), 0);
}

function ticksOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    // It ended.
    return 0;
  }
}
