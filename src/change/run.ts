import { resolve } from 'node:path';
import { ERROR_CODES, EXIT, systemCode } from '../core/errors.js';
import { NothingToDo } from '../ledger/context.js';
import { contextOf, type Environment, supervisorOf } from '../ledger/environment.js';
import { type Change, newChange } from '../ledger/ledger.js';
import { type ChangeKind, type Plan, type PlanOptions, planChange } from '../ledger/plan.js';
import { checkRegistryAddress } from '../registry/address.js';
import { parseSpec } from '../registry/spec.js';
import { restoreCurrent } from '../rollback/repair-current.js';
import { dropBallastWhenShort, keepBallast } from '../store/ballast.js';
import { installLaunchers, installPlugin } from '../store/launchers.js';
import { checkReleaseId } from '../store/manifest.js';
import { type Repair, repairRoot } from '../store/repair.js';
import { prepareRoot, type Root } from '../store/root.js';
import { removeLeftovers } from '../store/stale-temp.js';
import { runSteps, saveIntent } from './engine.js';
import { takeRoot } from './exclusive.js';
import { recoverChanges } from './recover.js';
import { requireSameInstance } from './root-instance.js';
import { repairRuntimes } from './runtime-repair.js';
import { startingFacts } from './starting-facts.js';
import { stepsNamed } from './steps/index.js';
import { previewSnapshot } from './steps/snapshot.js';
import { previewIdle } from './steps/wait-idle.js';
import { trimLedger } from './trim-ledger.js';

export interface Request {
  kind: ChangeKind;
  /** `stage`, `update`: a version, a tag or an archive. `switch`, `rollback`: the id of a release in this root. */
  target: string;
  options?: PlanOptions;
}

/**
 * Makes one change in this process, after recovery. A failed change resolves, with status and error; only a refusal
 * before its start rejects.
 * @throws ReleasesError `usage`, `spec_invalid`, `release_id_invalid`, `locked`, `root_unwritable`, `root_not_owned`,
 *   `root_invalid`, `release_not_found`, `release_unsealed`, `supervisor_not_found`
 */
export async function makeChange(environment: Environment, request: Request): Promise<Change> {
  const plan = planFor(request);
  return withLock(environment, `${plan.kind} ${plan.target}`, async (repairs) => {
    const change = newChange(plan, await startingFacts(environment, plan));
    saveIntent({ root: environment.root, change });
    return runPlan(environment, change, repairs);
  });
}

/** Runs a change that is in the ledger, under the caller's lock; earlier recoveries become its warnings. */
export async function runPlan(environment: Environment, change: Change, repairs: Repairs): Promise<Change> {
  change.warnings.push(...repairTexts(repairs));
  return runSteps(stepsNamed(change.plan.steps), contextOf(environment, change), environment.observer);
}

function repairTexts({ recovered, repaired }: Repairs): string[] {
  return [
    ...repaired.map(repairText),
    ...recovered.map(
      ({ id, status, recovery }) =>
        `An interrupted change, ${id}, was ${recovery?.outcome}: ${recovery?.why} Its status is ${status}.`,
    ),
  ];
}

export function repairText({ path, why, movedTo, instead }: Repair): string {
  return `${path} ${why}. ${movedTo === null ? '' : `It is kept as ${movedTo}. `}In its place: ${instead}`;
}

/** Plans a change and runs its read-only steps for `--dry-run`; writes nothing. */
export async function previewChange(environment: Environment, request: Request): Promise<Change> {
  const plan = planFor(request);
  const seen: Plan = (plan.state ?? 'ask') === 'ask' ? { ...plan, state: 'restore' } : plan;
  const change = newChange(plan, await startingFacts(environment, seen));
  const context = contextOf(environment, change);
  const looking = plan.steps.filter((name) => name === 'resolve' || name === 'check-space');
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
  const notes = { 'wait-idle': previewIdle, snapshot: previewSnapshot };
  for (const name of ['wait-idle', 'snapshot'] as const) {
    if (!plan.steps.includes(name)) continue;
    const note = notes[name](context);
    change.steps.push({ name, startedAt: new Date().toISOString(), ms: 0, state: 'done', note });
  }
  return change;
}

export interface Repairs {
  recovered: Change[];
  repaired: Repair[];
}

export async function recover(environment: Environment): Promise<Repairs> {
  return withLock(environment, 'recover', async (repairs) => repairs, { thorough: true });
}

/**
 * Repairs the root and recovers changes, then runs `work` under the lock.
 * @param thorough reads the Nodes of all releases
 */
export async function withLock<T>(
  environment: Environment,
  doing: string,
  work: (repairs: Repairs) => Promise<T>,
  { thorough = false } = {},
): Promise<T> {
  const { root, observer, signal, atBoot = false } = environment;
  prepareRoot(root);
  // Before a recovery, which may restart the gateway.
  await requireSameInstance(root, () =>
    supervisorOf(environment)
      .inspect()
      .catch(() => null),
  );
  dropBallastWhenShort(root);
  const unlock = await takeRoot(root, doing);
  try {
    removeLeftovers(root);
    const repaired = await repairRoot(root);
    installLaunchers(root);
    installPlugin(root);
    const supervisor = supervisorOf(environment);
    repaired.push(...(await repairRuntimes({ root, supervisor, signal, thorough, mayFetch: !atBoot })));
    const means = { contextOf: (change: Change) => contextOf(environment, change), stepsNamed };
    const recovered = await recoverChanges(root, means, observer);
    const wasMoved = repaired.some(({ path }) => path === root.current);
    const restored = await restoreCurrent(root, supervisor, wasMoved);
    return await work({ recovered, repaired: restored ? [...repaired, restored] : repaired });
  } finally {
    tidyIfPossible(root);
    keepBallast(root);
    await unlock();
  }
}

/** A restart can kill a launcher that writes. A full disk must not fail the change: the next one tidies up again. */
function tidyIfPossible(root: Root): void {
  try {
    removeLeftovers(root);
    trimLedger(root);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/** Validates words before anything is locked; absolute paths, as a detached worker may run in another directory. */
export function planFor({ kind, target, options = {} }: Request): Plan {
  if (kind === 'switch' || kind === 'rollback') checkReleaseId(target);
  const spec = kind === 'stage' || kind === 'update' ? parseSpec(target) : null;
  if (options.registry !== undefined) checkRegistryAddress(options.registry);
  const lockfile = options.lockfile ? resolve(options.lockfile) : null;
  return planChange(kind, spec?.kind === 'file' ? `file:${spec.path}` : target, { ...options, lockfile });
}

export function exitCodeOf(change: Change): number {
  switch (change.status) {
    case 'rollback_failed':
      return EXIT.rollbackFailed;
    case 'rolled_back':
    case 'package_updated_restart_failed':
      return EXIT.rolledBack;
    case 'helper_never_ran':
      return EXIT.failed;
    case 'package_update_failed':
      return change.error && ERROR_CODES[change.error.code] === 'refused' ? EXIT.refused : EXIT.failed;
    default:
      return EXIT.success;
  }
}
