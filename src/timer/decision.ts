import { type Environment, supervisorOf } from '../ledger/environment.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { readTimerState, type TimerStateFile } from '../store/timer-state.js';
import { gatewayFacts, historyOf } from './gateway.js';
import { type AutoPolicy, autoPolicy } from './policy.js';
import { type AskRegistry, askRegistry, isLeftAlone, registryFacts } from './registry.js';
import { readClock } from './rules/clock.js';
import type { Decision, RuleName } from './rules/decision.js';
import { decide } from './rules/decision.js';
import type { Clock } from './rules/facts.js';
import type { Settings } from './rules/settings.js';
import { nextOpening, openingAt } from './rules/window.js';

/** What was decided, from what, and what is to be remembered of it. */
export interface Evaluation {
  decision: Decision;
  policy: AutoPolicy;
  /** As it is to be written; nothing is written here. */
  file: TimerStateFile;
  /** Whether the registry was asked now and answered; else the decision is from what it said before, or needed nothing of it. */
  asked: boolean;
  now: number;
}

/** Rules that only ask for time: whoever looks is told meanwhile what it will be for. */
const ASKED_MEANWHILE: ReadonlySet<RuleName> = new Set([
  'registry',
  'gateway',
  'minimumInterval',
  'soak',
  'window',
] satisfies RuleName[]);

/** A version that somebody stopped is left for a day where there are no windows. */
const DAY_MS = 24 * 60 * 60_000;

/**
 * Decides whether an update may be made now. Changes nothing and writes nothing. The registry is asked only when nothing
 * else is against an update, and not while it is left alone after failures.
 * @param ask null asks nobody: what is known has to do
 * @param whatever asks it also when something else is against an update, for whoever wants to know all that is
 */
export async function evaluateTimer(
  environment: Environment,
  ask: AskRegistry | null,
  whatever = false,
): Promise<Evaluation> {
  const { root } = environment;
  const now = Date.now();
  const before = readTimerState(root);
  const gateway = await inspectIfThere(supervisorOf(environment));
  const policy = await autoPolicy(root, gateway, now);
  const { facts, seen } = await gatewayFacts(root, gateway, before.gateway, now);
  const changes = listChanges(root);
  const history = historyOf(changes);
  const clock = readClock(before.clock, now, newestMoment(changes));
  const judge = (file: TimerStateFile, known: boolean): Decision => {
    const registry = known ? registryFacts(file, policy.settings) : null;
    const { settings, facts: decided } = policy;
    const input = { settings, policy: decided, clock, registry, history, gateway: facts };
    return decide({ ...input, installId: file.installId });
  };
  const file: TimerStateFile = { ...before, clock, gateway: seen };
  const blind = judge(file, false);
  const open = blind.votes.every(({ verdict, rule }) => verdict === 'pass' || ASKED_MEANWHILE.has(rule));
  const asks = ask !== null && (open || whatever) && !isLeftAlone(before.trouble, now);
  const learned = asks ? await askRegistry(file, policy.settings, now, ask) : null;
  const found: TimerStateFile = { ...file, ...learned };
  const stopped = stoppedUntil(changes, policy.settings, clock);
  // Silence is the reason only where nothing else is against it.
  const silent = open ? whileSilent(blind, found, now) : null;
  const decision = silent ?? withStop(judge(found, true), stopped, clock);
  return {
    ...{ policy, now, decision },
    asked: learned !== null && learned.trouble === null,
    file: { ...found, stopped },
  };
}

/** The clock has been there; milliseconds since 1970. */
function newestMoment(changes: Change[]): number | null {
  const moments = changes.map(({ startedAt, endedAt }) => Date.parse(endedAt ?? startedAt));
  return moments.length === 0 ? null : Math.max(...moments);
}

/**
 * The automatic update that somebody stopped, and until when it is not taken again: the next maintenance window after that
 * one, or a day where there are none. Stopping is no verdict on the release, so it is not for ever.
 */
function stoppedUntil(changes: Change[], { windows }: Settings, clock: Clock): TimerStateFile['stopped'] {
  const last = changes.findLast(({ plan, endedAt }) => plan.initiator === 'timer' && endedAt !== null);
  const { to, stoppedBy } = last?.facts ?? {};
  if (!last?.endedAt || !to || stoppedBy === undefined) return null;
  const at = Math.min(Date.parse(last.endedAt), clock.now);
  const open = windows.length > 0 ? openingAt(windows, at) : null;
  const until = windows.length > 0 ? nextOpening(windows, open ? open.end : at) : at + DAY_MS;
  if (until === null) return null;
  return { version: to, at: new Date(at).toISOString(), until: new Date(until).toISOString() };
}

/** A stop is a rule like the others: it says why, and until when. */
function withStop(decision: Decision, stopped: TimerStateFile['stopped'], { now }: Clock): Decision {
  if (stopped === null || stopped.version !== decision.version || Date.parse(stopped.until) <= now)
    return decision;
  if (decision.verdict === 'no') return decision;
  const until =
    [decision.until, stopped.until]
      .filter((moment) => moment !== null)
      .sort()
      .at(-1) ?? null;
  const reason = `${stopped.version} was stopped by hand at ${short(stopped.at)}, and is not taken again before ${short(stopped.until)}.`;
  return { ...decision, verdict: 'wait', rule: 'held', reason, until };
}

/** Why the registry says nothing, and when it is asked again; null when it does. */
function whileSilent(
  decision: Decision,
  { trouble, registry }: TimerStateFile,
  now: number,
): Decision | null {
  if (trouble === null) return null;
  const times = trouble.failures === 1 ? 'once' : `${trouble.failures} times in a row`;
  const known = registry ? ` It answered last at ${short(registry.askedAt)}.` : '';
  const again =
    now < Date.parse(trouble.retryAt) ? ` It is asked again after ${short(trouble.retryAt)}.` : '';
  const reason = `The registry failed ${times}: ${trouble.error.message.replace(/[.]?$/, '.')}${again}${known}`;
  return { ...decision, verdict: 'wait', rule: 'registry', reason, until: trouble.retryAt };
}

function short(moment: string): string {
  return `${moment.slice(0, 16).replace('T', ' ')} UTC`;
}
