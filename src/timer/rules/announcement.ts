import type { Decision, RuleName } from './decision.js';
import type { Settings } from './settings.js';
import { HOUR, iso, MINUTE, moment, timeOf } from './time.js';
import { nextOpening, openingAt } from './window.js';

export interface Announced {
  version: string;
  /** Time of the first announcement; ISO 8601. */
  at: string;
  /** Start of the countdown; ISO 8601; null when none runs. */
  countdownSince: string | null;
}

export interface Activity {
  /** ISO 8601; null while the gateway is busy. */
  idleSince: string | null;
}

export type NextAction = 'none' | 'announce' | 'wait-idle' | 'wait-window' | 'countdown' | 'go' | 'withdraw';

export interface Next {
  action: NextAction;
  reason: string;
  /** Latest time to ask again; ISO 8601; null to act at once, or never. */
  until: string | null;
  announced: Announced | null;
}

/** Rules that delay an announced update without a new announcement. */
const PASSING: ReadonlySet<RuleName> = new Set([
  'window',
  'clock',
  'registry',
  'gateway',
  'changeActive',
] satisfies RuleName[]);

/** A countdown that ended longer ago than this is void: the process that counted has died. */
const SEEN_WITHIN_MS = 2 * MINUTE;

/**
 * Call again at `until` and when the decision or the activity changes. A busy gateway restarts the countdown, until the
 * deadline. A countdown that would end outside a window does not start.
 */
export function announcement(
  decision: Decision,
  announced: Announced | null,
  activity: Activity,
  now: number,
  settings: Settings,
): Next {
  const { version, verdict, reason, until } = decision;
  if (announced === null) {
    if (verdict !== 'update' || version === null) return { action: 'none', reason, until, announced };
    const first = { version, at: iso(now), countdownSince: null };
    return {
      action: 'announce',
      reason: `${version} is about to be installed.`,
      until: null,
      announced: first,
    };
  }
  if (!isStillMeant(decision, announced, now)) {
    const why = `${announced.version} is not announced any more: ${reason}`;
    return { action: 'withdraw', reason: why, until: null, announced: null };
  }
  const waiting = { ...announced, countdownSince: null };
  if (verdict === 'wait') return { action: 'wait-window', reason, until, announced: waiting };
  const deadline = (timeOf(announced.at) ?? now) + settings.maxDeferHours * HOUR;
  const idleAt = idleEnough(activity, now, settings) ?? deadline;
  if (now < Math.min(idleAt, deadline)) {
    const state = activity.idleSince === null ? 'busy' : 'idle for too short a time';
    return {
      action: 'wait-idle',
      reason: `The gateway is ${state}; it is waited for until ${moment(deadline)} at the latest.`,
      until: iso(Math.min(idleAt, deadline)),
      announced: waiting,
    };
  }
  return countdown(announced, now, settings);
}

function countdown(announced: Announced, now: number, settings: Settings): Next {
  const length = settings.countdownSeconds * 1000;
  const begun = timeOf(announced.countdownSince);
  const goesOn = begun !== null && begun <= now && now - begun <= length + SEEN_WITHIN_MS;
  const since = goesOn ? begun : now;
  const end = since + length;
  const open = openingAt(settings.windows, now);
  if (open === null || open.end <= end) {
    const next = nextOpening(settings.windows, open?.end ?? now);
    return {
      action: 'wait-window',
      reason: 'What is left of the window is too short for the countdown; the next one is waited for.',
      until: next === null ? null : iso(next),
      announced: { ...announced, countdownSince: null },
    };
  }
  const counted = { ...announced, countdownSince: iso(since) };
  if (goesOn && end <= now) {
    return {
      action: 'go',
      reason: `${announced.version} is installed now.`,
      until: null,
      announced: counted,
    };
  }
  const reason = `The gateway is restarted for ${announced.version} at ${iso(end)}.`;
  return { action: 'countdown', reason, until: iso(end), announced: counted };
}

function isStillMeant({ verdict, version, votes }: Decision, announced: Announced, now: number): boolean {
  if (verdict === 'no' || (version !== null && version !== announced.version)) return false;
  // An announcement in the future comes from a clock that was set back; no deadline can be based on it.
  if (!((timeOf(announced.at) ?? Number.NaN) <= now)) return false;
  return votes.every((vote) => vote.verdict === 'pass' || PASSING.has(vote.rule));
}

/** Milliseconds since 1970; null while it is busy. */
function idleEnough({ idleSince }: Activity, now: number, { idleMinutes }: Settings): number | null {
  const since = timeOf(idleSince);
  return since === null ? null : Math.min(since, now) + idleMinutes * MINUTE;
}
