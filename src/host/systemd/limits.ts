import { totalmem } from 'node:os';

/** The default weight is 100. */
export const WEIGHT = 'CPUWeight=20';

/** Bytes; the largest OpenClaw installation so far peaked at 760 MB. */
const MEMORY_CAP = 2 * 1024 ** 3;

/** Gives scarce resources to the gateway first. A user's systemd ignores limits that are not delegated to it. */
export function limits(): string[] {
  return [WEIGHT, ...scopeLimits(), 'OOMScoreAdjust=500'];
}

/** Limits for a scope, whose process systemd does not start; without the processor. */
export function scopeLimits(): string[] {
  // A container may use less than the machine's memory; 0 means that no limit is known.
  const available = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return ['IOWeight=20', `MemoryMax=${Math.min(MEMORY_CAP, Math.floor(available * 0.75))}`];
}
