import { readFileSync } from 'node:fs';
import { identify, TICKS_PER_SECOND } from './process.js';

/** Milliseconds since a living process was started, by a clock that nobody can set; null when there is none. */
export function ageOf(pid: number): number | null {
  const ticks = identify(pid)?.startTicks;
  if (ticks === undefined) return null;
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return (uptime - ticks / TICKS_PER_SECOND) * 1000;
}

/** Start of a living process, ISO 8601 to the second; null when there is none. */
export function startedAt(pid: number): string | null {
  const age = ageOf(pid);
  return age === null ? null : new Date(Date.now() - age).toISOString().replace(/\.\d+/, '');
}
