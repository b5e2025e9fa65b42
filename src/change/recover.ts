import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../host/process.js';
import { waitUntil } from '../host/wait.js';
import { endWorkersBelow } from '../install/worker.js';
import type { Context, Observer, Step } from '../ledger/context.js';
import { type Change, isProven, neverRan, ownIdentity, stepOf, unfinishedChanges } from '../ledger/ledger.js';
import { claimName } from '../ledger/ownership.js';
import type { StepName } from '../ledger/plan.js';
import { runningRelease } from '../ledger/running-release.js';
import { signalNames } from '../ledger/signals.js';
import { endReturn } from '../state/restore-records.js';
import { currentRelease, endTrial, readTrial } from '../store/links.js';
import { directoryNames } from '../store/manifest.js';
import { moveAside } from '../store/move-aside.js';
import { changeCommand } from '../store/pack-target.js';
import type { Root } from '../store/root.js';
import { closeSealed, removeTree } from '../store/seal.js';
import { rollBack, runSteps } from './engine.js';
import { changeFromTrial } from './reconstruct.js';
import { recordResult } from './saving.js';

/** Milliseconds; the launcher needs a few, a host that swaps needs more. */
const LAUNCH_MS = 5_000;

export interface Means {
  contextOf(change: Change): Context;
  stepsNamed(names: readonly StepName[]): Step[];
}

/**
 * Recovers changes whose process died; the caller holds the lock. Before the switch: undoes. After it: keeps the new
 * release if it runs and verifies, else rolls back, as for any fact that cannot be read.
 */
export async function recoverChanges(root: Root, means: Means, observer?: Observer): Promise<Change[]> {
  const recovered: Change[] = [];
  const unfinished = unfinishedChanges(root);
  // Owned by a process that hands it to a detached worker, or by the holder of the lock.
  const living = unfinished.filter(({ owner }) => isAlive(owner));
  const inUse = new Set(living.flatMap(({ id }) => [id, claimName(id), ...signalNames(id)]));
  const abandoned = () =>
    directoryNames(root.staging)
      .filter((name) => !inUse.has(name))
      .map((name) => join(root.staging, name));
  for (const path of abandoned()) await endWorkersBelow(path);
  for (const change of unfinished) {
    if (!living.includes(change)) recovered.push(await recoverChange(change, means, observer));
  }
  const lost = endTrialOfNobody(root);
  if (readTrial(root) === null && living.length === 0) {
    // A directory cannot be removed as a record is, and the operator may want it back.
    if (lstatSync(root.return, { throwIfNoEntry: false })?.isDirectory())
      moveAside(root, root.return, 'is a directory');
    else endReturn(root);
  }
  if (lost) recovered.push(await recoverChange(lost, means, observer));
  for (const path of abandoned()) removeTree(root, path);
  closeSealed(root);
  return recovered;
}

function endTrialOfNobody(root: Root): Change | null {
  const trial = readTrial(root);
  if (trial === null) return null;
  const change = changeFromTrial(root, trial);
  if (change === null) endTrial(root);
  return change;
}

async function recoverChange(change: Change, means: Means, observer?: Observer): Promise<Change> {
  const context = means.contextOf(change);
  change.owner = ownIdentity();
  const note = (how: 'finished' | 'undone', why: string) => {
    change.recovery = { outcome: how, why, at: new Date().toISOString() };
  };
  const steps = means.stepsNamed(change.plan.steps);
  const commit = stepOf(change, 'commit');
  if (commit && isCommitted(context)) commit.state = 'done';
  if (isProven(change)) {
    note('finished', `${change.facts.to} was verified already, and only the tidying was cut off.`);
    return recordResult(context, 'package_updated_restart_verified');
  }
  const last = change.steps.at(-1);
  if (!last) {
    note('undone', 'It had not begun.');
    change.error = neverRan('It ended before its first step.');
    return recordResult(context, 'helper_never_ran');
  }
  const obstacle = await obstacleToGoingOn(context);
  if (obstacle === null) {
    note('finished', `The switch to ${change.facts.to} was done, so it is kept if it passes verification.`);
    const { steps: names } = change.plan;
    const from = names.includes('verify') ? names.indexOf('verify') : names.length;
    return runSteps(steps, context, observer, from);
  }
  note('undone', obstacle);
  // The first error stays the reason; a second crash during the undo adds nothing.
  change.error ??= {
    code: 'interrupted',
    message: `The process that made this change ended during ${last.name}.`,
    hint: changeCommand(change.plan.kind, change.plan.target),
  };
  return rollBack(steps, context, observer);
}

/** The step that ends the trial has ended it. Without its record the older code has no way to its own state. */
function isCommitted({ root, change }: Context): boolean {
  const isVerified =
    stepOf(change, 'verify')?.state === 'done' && stepOf(change, 'commit')?.state === 'doing';
  return isVerified && readTrial(root) === null && currentRelease(root) === change.facts.to;
}

/** Reason to undo the change, as one sentence; null when the target is current and runs, if it should run. */
async function obstacleToGoingOn(context: Context): Promise<string | null> {
  const { root, change, canRestart: mayRestart } = context;
  const { to } = change.facts;
  if (change.error) return 'It had failed and was going back already.';
  if ((stepOf(change, 'switch') ?? stepOf(change, 'attach'))?.state !== 'done')
    return 'The switch had not been done.';
  if (currentRelease(root) !== to) return `current is not ${to} any more.`;
  if (!change.plan.steps.includes('restart')) return null;
  if (!mayRestart) return `What ran ${to} was started again before that was verified.`;
  try {
    const { release, instance } = await settled(context);
    if (release !== to) return `${release ?? 'No release'} runs, not ${to}.`;
    // Anybody may have started it again since: that was no crash, and this start is the one to follow.
    const { facts } = change;
    if (facts.restart && instance !== null) facts.restart = { ...facts.restart, instance };
    return null;
  } catch {
    return 'The supervisor could not be asked what runs.';
  }
}

interface Running {
  release: string | null;
  instance: string | null;
}

/** Waits until the running release is known: just after a start the process is still the launcher. */
async function settled({ root, supervisor, signal }: Context): Promise<Running> {
  let running: Running = { release: null, instance: null };
  await waitUntil({ withinMs: LAUNCH_MS, signal }, async () => {
    const inspection = await supervisor.inspect();
    running = { release: runningRelease(root, inspection), instance: inspection.instance };
    return running.release !== null || inspection.pid === null;
  });
  return running;
}
