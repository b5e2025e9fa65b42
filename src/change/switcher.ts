import { ERROR_CODES, EXIT, ReleasesError } from '../errors.js';
import { type ClientOptions, loadClientOptions } from '../source/client.js';
import { parseSpec } from '../source/spec.js';
import { installLaunchers } from '../store/launchers.js';
import { acquireLock } from '../store/lock.js';
import { checkReleaseId, readManifest } from '../store/manifest.js';
import { quarantine } from '../store/policy.js';
import { prepareRoot, type Root } from '../store/root.js';
import { currentRelease, previousRelease } from '../store/switch.js';
import { builtinSupervisor } from '../supervisor/builtin.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import type { Context, Observer } from './context.js';
import { NothingToDo } from './context.js';
import { runSteps } from './engine.js';
import { type Change, newChange, saveChange } from './ledger.js';
import { type ChangeKind, type PlanOptions, planChange } from './plan.js';
import { recoverChanges } from './recover.js';
import { inspectIfThere, runningRelease } from './running.js';
import { stepsNamed } from './steps/index.js';

/** Where changes are made, and who is told about them. */
export interface Environment {
  root: Root;
  /** Default: the built-in supervisor of that root. */
  supervisor?: Supervisor;
  /** Overrides of npm's own configuration. */
  client?: { registry?: string };
  /** Abort to interrupt: what was begun is undone. */
  signal?: AbortSignal;
  observer?: Observer;
}

export interface Request {
  kind: ChangeKind;
  /** `stage` and `update`: a version, a tag or an archive. `switch` and `rollback`: a release that is here. */
  target: string;
  options?: PlanOptions;
}

/** Failures that speak against the release rather than against the host, the network or the person. */
const FAULTS_OF_THE_RELEASE = new Set([
  'lifecycle_failed',
  'probe_failed',
  'gateway_crashed',
  'gateway_not_ready',
  'gateway_worse',
  'wrong_version',
]);

/**
 * Makes one change: takes the lock, finishes what an earlier one left, runs the steps, writes the verdict.
 * A change that failed resolves too, with its status and error; only what is refused before it begins rejects.
 * @throws ReleasesError `spec_invalid`, `release_id_invalid`, `locked`, `root_unwritable`, `root_not_owned`, `root_invalid`, `release_not_found`,
 * `release_unsealed`, `supervisor_not_found`
 */
export async function makeChange(environment: Environment, request: Request): Promise<Change> {
  const { root, observer } = environment;
  checkRequest(request);
  return withLock(environment, `${request.kind} ${request.target}`, async () => {
    const change = await begin(environment, request);
    saveChange(root, change);
    const context = contextOf(environment, change);
    await runSteps(stepsNamed(change.plan.steps), context, observer);
    quarantineFailed(root, change);
    return change;
  });
}

/** The plan, and what the steps without effect (`resolve`, `reserve`, a look at what runs) say of it; writes nothing. */
export async function previewChange(environment: Environment, request: Request): Promise<Change> {
  checkRequest(request);
  const change = await begin(environment, request);
  const context = contextOf(environment, change);
  const looking = change.plan.steps.filter((name) => name === 'resolve' || name === 'reserve');
  for (const step of stepsNamed(looking)) {
    const record = { name: step.name, startedAt: new Date().toISOString(), ms: 0 };
    const skipped = step.skip?.(context) ?? null;
    try {
      change.steps.push({ ...record, state: 'done', note: skipped ?? (await step.do(context)) });
    } catch (error) {
      if (!(error instanceof NothingToDo)) throw error;
      change.status = 'already_current';
      return change;
    }
  }
  return change;
}

/** Finishes or undoes what dead processes left; also the first thing that every other change does. */
export async function recover(environment: Environment): Promise<Change[]> {
  return withLock(environment, 'recover', async (recovered) => recovered);
}

/** Runs `work` as the only one that changes this root, after recovery. */
export async function withLock<T>(
  environment: Environment,
  doing: string,
  work: (recovered: Change[]) => Promise<T>,
): Promise<T> {
  const { root } = environment;
  prepareRoot(root);
  const unlock = await acquireLock(root, doing);
  try {
    installLaunchers(root);
    const recovered = await recoverChanges(
      root,
      (change) => contextOf(environment, change),
      environment.observer,
    );
    for (const change of recovered) quarantineFailed(root, change);
    return await work(recovered);
  } finally {
    await unlock();
  }
}

/** What can be told from the words alone is told before anything is made or locked. */
function checkRequest({ kind, target }: Request): void {
  if (kind === 'stage' || kind === 'update') parseSpec(target);
  else checkReleaseId(target);
}

async function begin(environment: Environment, request: Request): Promise<Change> {
  const { root } = environment;
  const { kind, target, options } = request;
  const plan = planChange(kind, target, options);
  const staged = kind === 'switch' || kind === 'rollback';
  const to = staged ? readManifest(root, target).id : null;
  const supervisor = supervisorOf(environment);
  const gateway = plan.steps.includes('restart')
    ? await supervisor.inspect()
    : await inspectIfThere(supervisor);
  // What runs is proven; what `current` names may have been put there without ever being started.
  const from = (gateway && runningRelease(root, gateway)) ?? currentRelease(root);
  return newChange(plan, { from, previous: previousRelease(root), to });
}

function supervisorOf(environment: Environment): Supervisor {
  return environment.supervisor ?? builtinSupervisor(environment.root.path);
}

function contextOf(environment: Environment, change: Change): Context {
  const { root, observer, signal } = environment;
  let client: Promise<ClientOptions> | undefined;
  return {
    root,
    change,
    supervisor: supervisorOf(environment),
    client: () => (client ??= loadClientOptions(environment.client)),
    signal: signal ?? new AbortController().signal,
    progress(text, done, total) {
      const step = change.steps.at(-1)?.name;
      if (step)
        observer?.progress?.({
          step,
          text,
          ...(done !== undefined && { done }),
          ...(total !== undefined && { total }),
        });
    },
  };
}

function quarantineFailed(root: Root, change: Change): void {
  const { error, facts } = change;
  if (!error || !facts.to || !FAULTS_OF_THE_RELEASE.has(error.code)) return;
  try {
    quarantine(root, facts.to, { cause: error, change: change.id, at: change.endedAt ?? change.startedAt });
  } catch (cause) {
    if (cause instanceof ReleasesError) change.warnings.push(cause.message);
    else throw cause;
  }
}

/** The exit code of a change that has its verdict. */
export function exitCodeOf(change: Change): number {
  switch (change.status) {
    case 'rollback_failed':
      return EXIT.rollbackFailed;
    case 'rolled_back':
    case 'package_updated_restart_failed':
      return EXIT.rolledBack;
    case 'package_update_failed':
      return change.error && ERROR_CODES[change.error.code] === 'refused' ? EXIT.refused : EXIT.failed;
    default:
      return EXIT.success;
  }
}
