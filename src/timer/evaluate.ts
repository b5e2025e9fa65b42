import { moment } from '../core/moment.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { inspectIfThere } from '../ledger/running-release.js';
import type { AskRegistry } from '../registry/asking.js';
import { type NewestRelease, readTimerState, type TimerStateFile } from '../store/timer-state.js';
import { gatewayFacts, historyOf, missingCompanions } from './gateway.js';
import { type AutoPolicy, autoPolicy } from './policy.js';
import { askRegistry, isLeftAlone, registryFacts } from './registry.js';
import { chooseCandidate } from './rules/candidate.js';
import { readClock } from './rules/clock.js';
import { type Decision, decide, type RuleName } from './rules/decision.js';
import type { Clock, CompanionFacts } from './rules/facts.js';
import type { Settings } from './rules/settings.js';
import { nextOpening, openingAt } from './rules/window.js';

export interface Evaluation {
  decision: Decision;
  policy: AutoPolicy;
  file: TimerStateFile;
  asked: boolean;
  now: number;
}

/** Rules that only cost time: the registry is asked meanwhile, so that the reason can name the version. */
const ASKED_MEANWHILE: ReadonlySet<RuleName> = new Set([
  'registry',
  'gateway',
  'minimumInterval',
  'soak',
  'window',
] satisfies RuleName[]);

const DAY_MS = 24 * 60 * 60_000;

/**
 * Decides if an update may start now. Writes nothing. Asks the registry only when no other rule is against an update,
 * and not during the pause after failures.
 * @param ask null uses only earlier answers
 * @param always true asks also then, because a person waits for the answer
 */
export async function evaluateTimer(
  environment: Environment,
  ask: AskRegistry | null,
  always = false,
): Promise<Evaluation> {
  const { root } = environment;
  const now = Date.now();
  const before = readTimerState(root);
  const gateway = await inspectIfThere(supervisorOf(environment));
  const policy = await autoPolicy(root, gateway, now);
  const changes = listChanges(root);
  const { facts, seen } = await gatewayFacts(root, gateway, changes, before.gateway, now);
  const history = historyOf(changes);
  const clock = readClock(before.clock, now, newestMoment(changes));
  const judge = (file: TimerStateFile, known: boolean, companions: CompanionFacts | null): Decision => {
    const registry = known ? registryFacts(file, policy.settings) : null;
    const { settings, facts: allowed } = policy;
    const { installId } = file;
    return decide({
      ...{ settings, policy: allowed, clock, registry, history, gateway: facts, companions, installId },
    });
  };
  const file: TimerStateFile = { ...before, clock, gateway: seen };
  const blind = judge(file, false, null);
  const open = blind.votes.every(({ verdict, rule }) => verdict === 'pass' || ASKED_MEANWHILE.has(rule));
  const asks = ask !== null && (always || (open && !isLeftAlone(before.trouble, now)));
  const learned = asks ? await askRegistry(file, policy.settings, now, ask) : null;
  const found: TimerStateFile = { ...file, ...learned };
  const stopped = stoppedUntil(changes, policy.settings, clock);
  const silent = open ? whileSilent(blind, found, now) : null;
  const judged = judge(found, true, null);
  const asksMore = ask !== null && gateway !== null && (always || (!silent && judged.verdict === 'update'));
  const companions = asksMore
    ? await missingCompanions(root, gateway, judged.version, ask, environment.signal)
    : null;
  const decision = silent ?? withStop(companions ? judge(found, true, companions) : judged, stopped, clock);
  return {
    ...{ policy, now, decision },
    asked: learned !== null && learned.trouble === null,
    file: { ...found, stopped, newest: newestOf(found, policy.settings, before.newest) },
  };
}

function newestOf(
  file: TimerStateFile,
  settings: Settings,
  before: TimerStateFile['newest'],
): NewestRelease | null {
  const registry = registryFacts(file, settings);
  const { version, published } = chooseCandidate({ settings, registry });
  if (registry === null || version === null) return null;
  const needs = before?.version === version ? before.needs : null;
  return {
    version,
    publishedAt: published?.at || null,
    askedAt: registry.askedAt,
    ...(needs && { needs }),
  };
}

/** The latest time in the ledger, in milliseconds since 1970: the clock has already reached it. */
function newestMoment(changes: Change[]): number | null {
  const moments = changes.map(({ startedAt, endedAt }) => Date.parse(endedAt ?? startedAt));
  return moments.length === 0 ? null : Math.max(...moments);
}

/** A stop is no verdict on the release: it ends at the next maintenance window, or after a day without windows. */
export function stoppedUntil(
  changes: Change[],
  { windows }: Settings,
  clock: Clock,
): TimerStateFile['stopped'] {
  const made = changes.filter(
    ({ plan, endedAt }) => plan.initiator === 'timer' && plan.kind !== 'drill' && endedAt,
  );
  const last = made.findLast(({ facts }) => facts.stoppedBy !== undefined);
  // Before its release is resolved a change has its target alone, which is a version too.
  const versionOf = ({ facts, plan }: Change) => facts.to ?? plan.target;
  if (
    !last?.endedAt ||
    made.some((later) => later.startedAt > last.startedAt && versionOf(later) === versionOf(last))
  )
    return null;
  const to = versionOf(last);
  const at = Math.min(Date.parse(last.endedAt), clock.now);
  const open = windows.length > 0 ? openingAt(windows, at) : null;
  const until = windows.length > 0 ? nextOpening(windows, open ? open.end : at) : at + DAY_MS;
  if (until === null) return null;
  return { version: to, at: new Date(at).toISOString(), until: new Date(until).toISOString() };
}

function withStop(decision: Decision, stopped: TimerStateFile['stopped'], { now }: Clock): Decision {
  const { verdict, version, until } = decision;
  if (stopped?.version !== version || verdict === 'no' || Date.parse(stopped.until) <= now) return decision;
  const reason = `${version} was stopped by hand at ${moment(stopped.at)}, and is not taken again before ${moment(stopped.until)}.`;
  const later = until !== null && until > stopped.until ? until : stopped.until;
  return { ...decision, verdict: 'wait', rule: 'held', reason, until: later };
}

function whileSilent(decision: Decision, { trouble, registry }: TimerStateFile, now: number) {
  if (trouble === null) return null;
  const { failures, retryAt, error } = trouble;
  const times = failures === 1 ? 'once' : `${failures} times in a row`;
  const known = registry ? ` It answered last at ${moment(registry.askedAt)}.` : '';
  const again = now < Date.parse(retryAt) ? ` It is asked again after ${moment(retryAt)}.` : '';
  const reason = `The registry failed ${times}: ${error.message.replace(/[.]?$/, '.')}${again}${known}`;
  return { ...decision, verdict: 'wait', rule: 'registry', reason, until: retryAt } satisfies Decision;
}
