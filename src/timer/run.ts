import type { Request } from '../change/run.js';
import { tell } from '../change/tell.js';
import { performChange } from '../control/detached/start.js';
import { ReleasesError } from '../core/errors.js';
import type { Environment } from '../ledger/environment.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import type { IdleLimits, PlanOptions } from '../ledger/plan.js';
import type { AskRegistry } from '../registry/asking.js';
import { previousRelease } from '../store/links.js';
import { findManifest } from '../store/manifest.js';
import { readPolicy } from '../store/policy.js';
import { prepareRoot } from '../store/root.js';
import { acquireRunLock } from '../store/run-lock.js';
import {
  type PastDecision,
  readTimerState,
  type TimerStateFile,
  withDecision,
  writeAuto,
} from '../store/timer-state.js';
import { isDrillDue } from './drill-due.js';
import { type Evaluation, evaluateTimer } from './evaluate.js';
import { refusalTold, refusesTooLong } from './refused.js';
import { onceMore } from './registry.js';
import { announce } from './rules/announcement.js';
import type { Decision } from './rules/decision.js';
import { DEFAULTS } from './rules/settings.js';
import { scrubIfDue } from './scrub.js';

export interface TimerRunOptions {
  ask: AskRegistry;
  plan?: PlanOptions;
  decided?: (decision: Verdict) => void;
  tell?: (sentence: string) => void;
}

export type Verdict = Pick<Decision, 'verdict' | 'version' | 'reason' | 'until' | 'rule'>;

export interface AutoRun {
  decision: Verdict;
  changes: Change[];
}

/** Error codes that are the registry's fault, not the release's. */
const OF_THE_REGISTRY = new Set(['registry_unreachable', 'registry_error', 'version_not_found']);

/**
 * Stages an allowed release as a separate change, then updates to it. Ends quietly beside another run or change.
 * @throws ReleasesError as `makeChange`, except `locked`
 */
export async function runTimer(environment: Environment, options: TimerRunOptions): Promise<AutoRun> {
  const { root } = environment;
  prepareRoot(root);
  const done = acquireRunLock(root, 'timer');
  if (!done) return beside('Another run of the timer is active.', options);
  const run = await runWithLock(environment, options).finally(done);
  if (run.changes.length > 0 || run.decision.rule === 'changeActive') return run;
  const { scrubWithinDays = DEFAULTS.scrubWithinDays } = readPolicy(root).schedule ?? {};
  // Without the timer's lock: a check must not wait for it.
  const changes = await scrubIfDue(environment, scrubWithinDays, (release) =>
    make(environment, options, 'stage', release),
  );
  return { ...run, changes };
}

async function runWithLock(environment: Environment, options: TimerRunOptions): Promise<AutoRun> {
  const { root } = environment;
  try {
    const run = await decideAndDo(environment, options);
    const isDue = refusesTooLong(root, run.decision);
    const hasArrived = await tell(root, isDue ? ['--waiting'] : []);
    if (isDue && hasArrived) refusalTold(root);
    return run;
  } catch (error) {
    if (!(error instanceof ReleasesError && error.code === 'locked')) throw error;
    return beside(error.message, options);
  }
}

function beside(reason: string, { decided }: TimerRunOptions): AutoRun {
  const decision: Verdict = { verdict: 'wait', version: null, reason, until: null, rule: 'changeActive' };
  decided?.(decision);
  return { decision, changes: [] };
}

async function decideAndDo(environment: Environment, options: TimerRunOptions): Promise<AutoRun> {
  const { root } = environment;
  const first = settle(await evaluateTimer(environment, options.ask));
  const told = (found: Settled): AutoRun => {
    options.decided?.(found.decision);
    writeAuto(root, withDecision(found.file, past(found.decision, found.now)));
    return { decision: found.decision, changes: [] };
  };
  const run = told(first);
  const { version } = first.decision;
  if (first.idle === null || version === null) return drillIfDue(environment, options, run, first);
  const staging = findManifest(root, version) ? null : await make(environment, options, 'stage', version);
  if (staging && staging.status !== 'staged') return finish(environment, first, [staging]);
  // Staging takes minutes: since then an operator may have set a hold, or the window may have closed.
  const second = staging ? settle(await evaluateTimer(environment, null)) : first;
  const before = staging ? [staging] : [];
  if (second.idle === null || second.decision.version !== version)
    return { ...told(second), changes: before };
  const update = await make(environment, options, 'update', version, second.idle);
  return finish(environment, second, [...before, update]);
}

/** A drill costs the processor as much as an update, so a run makes one of the two. */
async function drillIfDue(
  environment: Environment,
  options: TimerRunOptions,
  run: AutoRun,
  { now, drillDays }: Settled,
): Promise<AutoRun> {
  const previous = previousRelease(environment.root);
  if (previous === null || !isDrillDue(previous, listChanges(environment.root), drillDays, now)) return run;
  return { ...run, changes: [await make(environment, options, 'drill', previous)] };
}

interface Settled {
  drillDays: number;
  decision: Verdict;
  file: TimerStateFile;
  now: number;
  idle: IdleLimits | null;
}

function settle({ decision, file, now, policy }: Evaluation): Settled {
  const { announced, wait } = announce(decision, file.announced, now, policy.settings);
  const { votes: _, ...verdict } = decision;
  const { drillDays } = policy.settings;
  const settled: Settled = { decision: verdict, file: { ...file, announced }, now, idle: null, drillDays };
  if (wait?.kind === 'now') return { ...settled, idle: wait.idle };
  if (wait === null) return settled;
  const { reason, until } = wait;
  return { ...settled, decision: { ...verdict, verdict: 'wait', rule: 'window', reason, until } };
}

function make(
  environment: Environment,
  { plan = {}, tell }: TimerRunOptions,
  kind: 'stage' | 'update' | 'drill',
  version: string,
  idle?: IdleLimits,
): Promise<Change> {
  const request: Request = {
    ...{ kind, target: version },
    options: { ...plan, initiator: 'timer', ...(idle && { idle }) },
  };
  return performChange(environment, request, tell);
}

/** Stores the result. Keeps the announcement only when the gateway was busy, because the next run waits again. */
function finish({ root }: Environment, { decision, now }: Settled, changes: Change[]): AutoRun {
  const last = changes.at(-1);
  const file = readTimerState(root);
  const busy = last?.error?.code === 'gateway_busy';
  const after: Verdict = busy
    ? { ...decision, verdict: 'wait', rule: 'gateway', reason: last?.error?.message ?? '' }
    : decision;
  const trouble =
    last?.error && OF_THE_REGISTRY.has(last.error.code)
      ? onceMore(file.trouble, new ReleasesError(last.error.code, last.error.message), file.installId, now)
      : file.trouble;
  const ended = { ...past(after, now), ...(last && { change: last.id, status: last.status }) };
  const decisions = file.decisions.slice(0, -1);
  writeAuto(
    root,
    withDecision({ ...file, decisions, trouble, announced: busy ? file.announced : null }, ended),
  );
  return { decision: after, changes };
}

function past({ verdict, version, rule, reason, until }: Verdict, now: number): PastDecision {
  return { at: new Date(now).toISOString(), verdict, version, rule, reason, until };
}
