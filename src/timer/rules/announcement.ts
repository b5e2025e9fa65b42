import type { Decision, RuleName } from './decision.js';
import type { Settings } from './settings.js';
import { HOUR, iso, MINUTE, moment, timeOf } from './time.js';
import { nextOpening, openingAt } from './window.js';

/** What has been said of an update that is about to be made; kept between runs. */
export interface Announced {
  version: string;
  /** When it was announced first; ISO 8601. */
  at: string;
  /** When the countdown began; ISO 8601; null when none goes on. */
  countdownSince: string | null;
}

/** Whether the gateway has something to do. */
export interface Activity {
  /** Since when it has had nothing to do; ISO 8601; null while it has. */
  idleSince: string | null;
}

export type NextAction = 'none' | 'announce' | 'wait-idle' | 'wait-window' | 'countdown' | 'go' | 'withdraw';

export interface Next {
  action: NextAction;
  /** One sentence for people. */
  reason: string;
  /** When to look again, or sooner; ISO 8601; null for what is to be done at once, or not at all. */
  until: string | null;
  /** What to keep, and to ask with the next time. */
  announced: Announced | null;
}

/** What may keep an announced update waiting without its being announced anew. */
const PASSING: ReadonlySet<RuleName> = new Set([
  'window',
  'clock',
  'registry',
  'gateway',
  'changeActive',
] satisfies RuleName[]);

/** A countdown whose end nobody saw, since the process that counted has died, is none. */
const SEEN_WITHIN_MS = 2 * MINUTE;

/**
 * The next thing to do with an update: announce it, wait until the gateway is idle, count down, go. To be asked again at
 * `until`, and whenever the decision or the activity changes. A countdown that the gateway interrupts by being busy begins
 * anew, until the deadline; one that would not end inside a window does not begin.
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
  // What a clock has said that was put back since is no time to reckon a deadline from.
  if (!((timeOf(announced.at) ?? Number.NaN) <= now)) return false;
  return votes.every((vote) => vote.verdict === 'pass' || PASSING.has(vote.rule));
}

/** When it will have been idle for long enough; null while it is busy. */
function idleEnough({ idleSince }: Activity, now: number, { idleMinutes }: Settings): number | null {
  const since = timeOf(idleSince);
  return since === null ? null : Math.min(since, now) + idleMinutes * MINUTE;
}
