import type { Clock } from './facts.js';
import { DAY } from './time.js';

/** Limit of the wait for a clock that was set back: it may have been years ahead before, and be right now. */
export const LONGEST_WAIT_FOR_CLOCK_MS = DAY;

export function readClock(before: Clock | null, now: number, newest: number | null = null): Clock {
  const lastRun = before === null ? newest : Math.max(before.now, before.lastRun ?? before.now);
  const jumpedAt = before?.jumpedAt ?? null;
  if (lastRun === null || now >= lastRun) return { now, lastRun, behindSince: null, jumpedAt };
  const since = Math.min(now, before?.behindSince ?? now);
  if (now - since < LONGEST_WAIT_FOR_CLOCK_MS) return { now, lastRun, behindSince: since, jumpedAt: since };
  return { now, lastRun: now, behindSince: null, jumpedAt: since };
}
