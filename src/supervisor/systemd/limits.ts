import { totalmem } from 'node:os';

/** Of what has 100 by itself. */
export const WEIGHT = 'CPUWeight=20';

/** The installation of the largest OpenClaw so far peaked at 760 MB. */
const MEMORY_CAP = 2 * 1024 ** 3;

/**
 * The gateway comes first: a service that runs short of processor, disk or memory takes it from here. Where the
 * limits are not delegated to a user's systemd it ignores them.
 */
export function limits(): string[] {
  return [WEIGHT, ...scopeLimits(), 'OOMScoreAdjust=500'];
}

/** What of them a scope can have, too, whose process is not started by systemd; but for the processor. */
export function scopeLimits(): string[] {
  // In a container the machine's memory is not what may be used; 0 where no limit can be known.
  const available = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return ['IOWeight=20', `MemoryMax=${Math.min(MEMORY_CAP, Math.floor(available * 0.75))}`];
}
