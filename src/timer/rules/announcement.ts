import type { IdleLimits } from '../../ledger/plan.js';
import type { Decision, RuleName } from './decision.js';
import type { Settings } from './settings.js';
import { HOUR, iso, MINUTE, timeOf } from './time.js';
import { nextOpening, openingAt } from './window.js';

export interface Announced {
  version: string;
  at: string;
}

export type Wait =
  | { kind: 'later'; reason: string; until: string | null }
  | { kind: 'now'; idle: IdleLimits };

/** Rules that delay an announced update without a new announcement. */
const PASSING: ReadonlySet<RuleName> = new Set([
  'window',
  'clock',
  'registry',
  'gateway',
  'changeActive',
] satisfies RuleName[]);

/** Shorter than an hour, so that one run ends before the next one starts. */
const LONGEST_MS = 50 * MINUTE;

/**
 * Before the deadline leaves a busy gateway for the next run; after it only the countdown remains. Starts nothing that
 * would end outside the maintenance window.
 * @returns `wait` is null unless the decision is `update`
 */
export function announce(
  decision: Decision,
  before: Announced | null,
  now: number,
  settings: Settings,
): { announced: Announced | null; wait: Wait | null } {
  const { version, verdict } = decision;
  const kept = before && isStillMeant(decision, before, now) ? before : null;
  if (verdict !== 'update' || version === null) return { announced: kept, wait: null };
  const announced = kept ?? { version, at: iso(now) };
  return { announced, wait: waitFor(announced, now, settings) };
}

function waitFor({ at }: Announced, now: number, settings: Settings): Wait {
  const { windows, countdownSeconds, idleMinutes, maxDeferHours } = settings;
  const countdownMs = countdownSeconds * 1000;
  const closes = openingAt(windows, now)?.end ?? now;
  const openMs = closes - now - countdownMs;
  if (openMs <= 0) {
    const next = nextOpening(windows, closes);
    const reason = 'What is left of the window is too short for the countdown; the next one is waited for.';
    return { kind: 'later', reason, until: next === null ? null : iso(next) };
  }
  const withinMs = Math.min(LONGEST_MS, openMs, (timeOf(at) ?? now) + maxDeferHours * HOUR - now);
  if (withinMs <= 0) return { kind: 'now', idle: { withinMs: 0, countdownMs } };
  const quietMs = Math.min(idleMinutes * MINUTE, withinMs);
  return { kind: 'now', idle: { withinMs, countdownMs, quietMs, giveUp: true } };
}

function isStillMeant({ verdict, version, votes }: Decision, announced: Announced, now: number): boolean {
  if (verdict === 'no' || (version !== null && version !== announced.version)) return false;
  // An announcement in the future comes from a clock that was set back; no deadline can be based on it.
  if (!((timeOf(announced.at) ?? Number.NaN) <= now)) return false;
  return votes.every((vote) => vote.verdict === 'pass' || PASSING.has(vote.rule));
}
