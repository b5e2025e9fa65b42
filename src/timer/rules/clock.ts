import type { Clock } from './facts.js';
import { DAY } from './time.js';

/** A clock that was put back is not waited for any longer: it may have been years ahead before, and be right now. */
export const LONGEST_WAIT_FOR_CLOCK_MS = DAY;

/**
 * What the clock says, beside what it said before: the input of this run's decision, and what to keep for the next run.
 * @param before as the last run kept it; null at the first
 * @param now milliseconds since 1970
 * @param newest at the first run, the latest moment of the history, in milliseconds: the clock has been there, too
 */
export function readClock(before: Clock | null, now: number, newest: number | null = null): Clock {
  const lastRun = before === null ? newest : Math.max(before.now, before.lastRun ?? before.now);
  const jumpedAt = before?.jumpedAt ?? null;
  if (lastRun === null || now >= lastRun) return { now, lastRun, behindSince: null, jumpedAt };
  const since = Math.min(now, before?.behindSince ?? now);
  if (now - since < LONGEST_WAIT_FOR_CLOCK_MS) return { now, lastRun, behindSince: since, jumpedAt: since };
  return { now, lastRun: now, behindSince: null, jumpedAt: since };
}
