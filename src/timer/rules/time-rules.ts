import { duration } from '../../core/duration.js';
import { jitterOf } from '../../core/jitter.js';
import { backoff } from './backoff.js';
import type { Question } from './decision.js';
import type { HistoryEntry } from './facts.js';
import { endOf, failedBeforeRestart, isByTimer, restartedGateway } from './history.js';
import { no, pass, type RuleResult, wait } from './result.js';
import { beenAt, HOUR, shown, timeOf } from './time.js';
import { nextOpening, openingAt, whyNotWindow } from './window.js';

/** A release that keeps restarting never soaks; after this many times `soakHours` an update may replace it. */
const SOAK_PATIENCE = 3;

export const timeRules = {
  /** Retries, less and less often, a failure before the gateway was touched (network, disk). */
  failureBackoff({ candidate: { version }, history, installId, clock }: Question): RuleResult {
    const failed = failuresInARow(history, version);
    const last = failed.at(-1);
    if (last === undefined) return pass('The last automatic attempt did not fail.');
    const end = beenAt(endOf(last), clock) + backoff(failed.length, installId);
    const times = failed.length === 1 ? 'once' : `${failed.length} times in a row`;
    const failures = `Installing ${version} failed ${times} before anything was changed`;
    return waitUntil(
      end,
      clock.now,
      `${failures}, and is not tried again`,
      `${failures}; it may be tried again.`,
    );
  },

  minimumAge(question: Question): RuleResult {
    const ms = question.settings.minimumAgeHours * HOUR;
    return afterPublication(question, ms, 'is too young', `is at least ${duration(ms)} old.`);
  },

  delay(question: Question): RuleResult {
    const ms = delayOf(question);
    return afterPublication(
      question,
      ms,
      `is for this host ${duration(ms)} after its publication, not`,
      `is for this host ${duration(ms)} after its publication, which is over.`,
    );
  },

  /** A plugin that is never published must not hold updates for ever. */
  companions(question: Question): RuleResult {
    const { candidate, companions, settings, clock } = question;
    const { version, published } = candidate;
    if (version === null || companions?.version !== version || companions.missing.length === 0)
      return pass('No plugin is known to be missing for it.');
    const at = timeOf(published?.at);
    const names = companions.missing.join(', ');
    if (at === null) return pass(`${names} is not published for ${version}; nobody knows for how long.`);
    const end = at + delayOf(question) + settings.maxDeferHours * HOUR;
    if (!(end > clock.now))
      return pass(`${names} is not published for ${version}, and was waited for until ${shown(end)}.`);
    return wait(`${names} is not published for ${version} yet, and is waited for until ${shown(end)}.`, end);
  },

  minimumInterval({ settings, history, clock }: Question): RuleResult {
    const ends = history.filter(restartedGateway).map((entry) => beenAt(endOf(entry), clock));
    if (ends.length === 0) return pass('No change was made here before.');
    const ms = settings.minimumIntervalHours * HOUR;
    const end = Math.max(...ends) + ms;
    const last = 'The last change of the gateway was';
    return waitUntil(
      end,
      clock.now,
      `${last} less than ${duration(ms)} ago; none`,
      `${last} at least ${duration(ms)} ago.`,
    );
  },

  soak({
    settings,
    gateway: { running, provenAt, restartedAt, restartsSince },
    clock,
  }: Question): RuleResult {
    if (running === null) return pass('There is nothing that could soak.');
    const proven = timeOf(provenAt);
    if (proven === null) return wait(`${running} has not been verified yet.`);
    const restarted = restartsSince > 0 ? (timeOf(restartedAt) ?? clock.now) : proven;
    const steady = Math.max(beenAt(proven, clock), beenAt(restarted, clock));
    const ms = settings.soakHours * HOUR;
    const end = Math.min(steady + ms, beenAt(proven, clock) + ms * SOAK_PATIENCE);
    return waitUntil(
      end,
      clock.now,
      `${running} has not run for ${duration(ms)} without a restart; no other takes its place`,
      `${running} has run for long enough.`,
    );
  },

  window({ settings: { windows }, clock: { now } }: Question): RuleResult {
    const wrong = windows.map(whyNotWindow).find((why) => why !== null);
    if (wrong) return no(wrong);
    if (windows.length === 0) return pass('There are no maintenance windows, so it may be at any time.');
    const open = openingAt(windows, now);
    if (open) return pass(`A maintenance window is open until ${shown(open.end)}.`);
    const next = nextOpening(windows, now);
    if (next === null) return no('No maintenance window will open.');
    return wait(`The next maintenance window opens at ${shown(next)}.`, next);
  },
};

/** Milliseconds from the publication of a release until it is due on this host. */
function delayOf({ settings, candidate: { version }, installId }: Question): number {
  const share = version === null ? 0 : jitterOf(installId, version);
  return (settings.delayHours + share * settings.jitterHours) * HOUR;
}

/** @param waiting text that is followed by `before <time>.` */
function waitUntil(end: number, now: number, waiting: string, passed: string): RuleResult {
  if (Number.isNaN(end)) return no(`Cannot evaluate this rule: ${passed}`);
  if (end <= now) return pass(passed);
  return wait(`${waiting} before ${shown(end)}.`, end);
}

function afterPublication(
  { candidate, clock }: Question,
  ms: number,
  waiting: string,
  passed: string,
): RuleResult {
  const { version, published } = candidate;
  if (version === null || published === null) return pass('There is no release to ask about.');
  const at = timeOf(published.at);
  if (at === null) return no(`The registry does not say when ${version} was published.`);
  return waitUntil(at + ms, clock.now, `${version} ${waiting}`, `${version} ${passed}`);
}

/** Automatic attempts that failed before the gateway was touched, since the last other attempt. */
function failuresInARow(history: HistoryEntry[], version: string | null): HistoryEntry[] {
  const attempts = history.filter(
    (entry) => isByTimer(entry) && entry.endedAt !== null && (entry.to === version || entry.to === null),
  );
  return attempts.slice(attempts.findLastIndex((entry) => !failedBeforeRestart(entry)) + 1);
}
