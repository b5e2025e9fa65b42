import { join } from 'node:path';
import { isAlive } from '../host/process.js';
import { directoryNames } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { removeTree } from '../store/seal.js';
import { currentRelease } from '../store/switch.js';
import type { Context, Observer } from './context.js';
import { failedStatus, finish, runSteps, undoSteps } from './engine.js';
import { type Change, neverRan, ownIdentity, stepOf, unfinishedChanges } from './ledger.js';
import { runningRelease } from './running.js';
import { stepsNamed } from './steps/index.js';

/**
 * Gives every change whose process died its end. The caller holds the lock, so no change that has none is under
 * way. Before the switch: drop what was staged. After it: keep the new release if it runs and can be verified, else
 * go back; what cannot be read or told means going back.
 * Resolves with the changes that were given an end.
 */
export async function recoverChanges(
  root: Root,
  contextOf: (change: Change) => Context,
  observer?: Observer,
): Promise<Change[]> {
  const recovered: Change[] = [];
  for (const change of unfinishedChanges(root)) {
    // Being handed to a helper, or the one that the holder of the lock is about to make.
    if (isAlive(change.owner)) continue;
    change.owner = ownIdentity();
    recovered.push(await recoverChange(contextOf(change), observer));
  }
  for (const name of directoryNames(root.staging)) removeTree(root, join(root.staging, name));
  return recovered;
}

async function recoverChange(context: Context, observer?: Observer): Promise<Change> {
  const { change } = context;
  const names = change.plan.steps;
  // Once it is proven nothing goes back by itself; only the tidying was cut off.
  if (stepOf(change, 'bless')?.state === 'done') return finish(context, 'package_updated_restart_verified');
  if (await canGoOn(context)) {
    const from = names.includes('verify') ? names.indexOf('verify') : names.length;
    return runSteps(stepsNamed(names), context, observer, from);
  }
  const last = change.steps.at(-1);
  if (!last) {
    change.error = neverRan('It ended before its first step.');
    return finish(context, 'helper_never_ran');
  }
  change.error = {
    code: 'interrupted',
    message: `The process that made this change ended during ${last.name}.`,
    hint: `openclaw-releases ${change.plan.kind} ${change.plan.target}`,
  };
  await undoSteps(stepsNamed(names), context, observer);
  return finish(context, failedStatus(change));
}

/** Whether the switch happened, and the target is what runs (or is all that was asked for). */
async function canGoOn(context: Context): Promise<boolean> {
  const { root, change, supervisor, mayRestart } = context;
  if (!mayRestart) return false;
  if (
    (stepOf(change, 'switch') ?? stepOf(change, 'attach'))?.state !== 'done' ||
    currentRelease(root) !== change.facts.to
  )
    return false;
  if (!change.plan.steps.includes('restart')) return true;
  try {
    return runningRelease(root, await supervisor.inspect()) === change.facts.to;
  } catch {
    return false;
  }
}
