import type { IdleLimits } from '../ledger/plan.js';
import type { TimerStateFile } from '../store/timer-state.js';
import { type Announced, announcement } from './rules/announcement.js';
import type { Decision } from './rules/decision.js';
import type { Settings } from './rules/settings.js';
import { openingAt } from './rules/window.js';

export type Wait =
  | { kind: 'none' }
  | { kind: 'later'; reason: string; until: string | null }
  | { kind: 'now'; idle: IdleLimits };

/** Shorter than an hour, so that one run ends before the next one starts. */
const LONGEST_MS = 50 * 60_000;

/**
 * Before the deadline leaves a busy gateway for the next run; after it only the countdown remains. Starts nothing that
 * would end outside the maintenance window.
 */
export function announce(
  decision: Decision,
  before: TimerStateFile['announced'],
  now: number,
  settings: Settings,
): { announced: TimerStateFile['announced']; wait: Wait } {
  const kept: Announced | null = before && { ...before, countdownSince: null };
  // `null` means busy: the change itself watches the gateway's activity.
  let next = announcement(decision, kept, { idleSince: null }, now, settings);
  // A version that replaces an announced one is announced and awaited in the same run.
  for (let again = 0; again < 2 && (next.action === 'withdraw' || next.action === 'announce'); again++)
    next = announcement(decision, next.announced, { idleSince: null }, now, settings);
  const announced = next.announced && { version: next.announced.version, at: next.announced.at };
  if (announced === null) return { announced, wait: { kind: 'none' } };
  if (next.action === 'wait-window')
    return { announced, wait: { kind: 'later', reason: next.reason, until: next.until } };
  return { announced, wait: waitNow(next.action === 'wait-idle', announced.at, now, settings) };
}

function waitNow(forIdle: boolean, since: string, now: number, settings: Settings): Wait {
  const countdownMs = settings.countdownSeconds * 1000;
  if (!forIdle) return { kind: 'now', idle: { withinMs: 0, countdownMs } };
  const deadline = Date.parse(since) + settings.maxDeferHours * 60 * 60_000;
  const closes = openingAt(settings.windows, now)?.end ?? now;
  const withinMs = Math.min(LONGEST_MS, deadline - now, closes - now - countdownMs);
  if (withinMs <= 0) {
    const reason = 'The window is too short for what is left of it; the next one is waited for.';
    return { kind: 'later', reason, until: null };
  }
  const quietMs = Math.min(settings.idleMinutes * 60_000, withinMs);
  return { kind: 'now', idle: { withinMs, countdownMs, quietMs, giveUp: true } };
}
