import { resolve } from 'node:path';
import { ERROR_CODES, EXIT } from '../core/errors.js';
import { NothingToDo } from '../ledger/context.js';
import { contextOf, type Environment, supervisorOf } from '../ledger/environment.js';
import { nextPlace } from '../ledger/history.js';
import { type Change, newChange } from '../ledger/ledger.js';
import { type ChangeKind, type Plan, type PlanOptions, planChange } from '../ledger/plan.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { checkRegistryAddress } from '../registry/address.js';
import { parseSpec } from '../registry/spec.js';
import { checkReleaseId } from '../store/manifest.js';
import { packPath, packTarget } from '../store/pack-target.js';
import type { Repair } from '../store/repair.js';
import { runSteps } from './engine.js';
import { exclusive, type Repairs } from './exclusive.js';
import { refuseTerminal } from './pack-input.js';
import { saveIntent } from './saving.js';
import { startingFacts } from './starting-facts.js';
import { stepsNamed } from './steps/index.js';
import { previewSnapshot } from './steps/snapshot.js';
import { previewIdle } from './steps/wait-idle.js';

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
  return exclusive(environment, { doing: `${plan.kind} ${plan.target}`, recover: true }, async (repairs) => {
    const change = newChange(plan, await startingFacts(environment, plan), nextPlace(environment.root));
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
  const gateway = await inspectIfThere(supervisorOf(environment, plan));
  // Without a gateway the change itself would be refused, but its steps can still be told.
  const steps = gateway ? plan.steps : plan.steps.filter((name) => name !== 'restart');
  const state = (plan.state ?? 'ask') === 'ask' ? 'restore' : plan.state;
  const change = newChange(
    plan,
    await startingFacts(environment, { ...plan, steps, ...(state && { state }) }),
  );
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
  if (!gateway && plan.steps.includes('restart')) {
    const note = 'no gateway runs; first: openclaw-releases run';
    change.steps.push({ name: 'restart', startedAt: new Date().toISOString(), ms: 0, state: 'done', note });
  }
  return change;
}

export async function recover(environment: Environment): Promise<Repairs> {
  return exclusive(
    environment,
    { doing: 'recover', recover: 'thoroughly', mayFetch: !environment.atBoot },
    (repairs) => repairs,
  );
}

/** Validates words before anything is locked; absolute paths, as a detached worker may run in another directory. */
export function planFor({ kind, target, options = {} }: Request): Plan {
  if (['switch', 'rollback', 'drill'].includes(kind)) checkReleaseId(target);
  const stages = kind === 'stage' || kind === 'update';
  const pack = stages ? packPath(target) : null;
  if (pack === '-') refuseTerminal();
  const spec = stages && pack === null ? parseSpec(target) : null;
  if (options.registry !== undefined) checkRegistryAddress(options.registry);
  const lockfile = options.lockfile ? resolve(options.lockfile) : null;
  const named = spec?.kind === 'file' ? `file:${spec.path}` : target;
  return planChange(kind, pack === null ? named : packTarget(pack), { ...options, lockfile });
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
    case 'drill_failed':
      return change.error ? EXIT[ERROR_CODES[change.error.code]] : EXIT.failed;
    default:
      return EXIT.success;
  }
}
