import { setImmediate } from 'node:timers/promises';
import { type ErrorRecord, toErrorRecord } from '../core/errors.js';
import { faultPoint } from '../host/fault.js';
import type { Context, Observer, Step } from '../ledger/context.js';
import { NothingToDo } from '../ledger/context.js';
import {
  type Change,
  type ChangeStatus,
  isProven,
  type StepRecord,
  type StepState,
  stepOf,
} from '../ledger/ledger.js';
import { readRestore, readReturn, restoreLimitMs } from '../state/restore-records.js';
import { dropBallastWhenShort } from '../store/ballast.js';
import {
  announceSignals,
  type CancelWatch,
  isSwitch,
  UNDO_BUDGET_MS,
  watchForStop,
  whyAborted,
} from './cancellation.js';
import { blameDisk, quarantineAfter } from './quarantine.js';
import { recordResult, saveIntent, trySave } from './saving.js';

/**
 * Runs the steps in order, each intent durable before its effect. The first failure undoes the begun steps in reverse
 * and stays the reason. Never rejects for a step's failure.
 * @param from index of the first step to do when a recovery continues; earlier steps can still be undone
 */
export async function runSteps(
  steps: readonly Step[],
  context: Context,
  observer: Observer = {},
  from = 0,
): Promise<Change> {
  announceSignals(context, observer);
  const stop = watchForStop(context);
  const signal = AbortSignal.any([context.signal, stop.signal]);
  // A recovery that continues is past the switch and cannot be cancelled.
  if (from > 0) stop.end();
  try {
    return await runEach(steps, { ...context, signal }, observer, from, stop);
  } finally {
    stop.end();
  }
}

async function runEach(
  steps: readonly Step[],
  context: Context,
  observer: Observer,
  from: number,
  stop: CancelWatch,
): Promise<Change> {
  const { change } = context;
  for (const step of steps.slice(from)) {
    const proven = isProven(change);
    if (isSwitch(step.name)) stop.end();
    try {
      // A signal that came during a step without a pause is known after one whole turn of the event loop.
      await setImmediate();
      await setImmediate();
      if (!proven) context.signal.throwIfAborted();
      await doStep(step, context, observer);
    } catch (error) {
      if (error instanceof NothingToDo) return recordResult(context, 'already_current');
      if (proven) {
        change.warnings.push(
          `It runs and is verified, but ${step.name} failed: ${toErrorRecord(error).message}`,
        );
        continue;
      }
      change.error = errorOf(
        change,
        context.signal.aborted ? whyAborted(change, context.signal, error) : error,
      );
      return rollBack(steps, context, observer);
    }
  }
  return recordResult(context, succeededStatus(change));
}

/** From the switch on nothing is untouched. */
function errorOf({ steps }: Change, error: unknown): ErrorRecord {
  const { untouched, ...record } = toErrorRecord(error);
  return untouched && !steps.some(({ name }) => isSwitch(name)) ? { ...record, untouched } : record;
}

export async function rollBack(
  steps: readonly Step[],
  context: Context,
  observer: Observer = {},
): Promise<Change> {
  dropBallastWhenShort(context.root);
  const { root, change } = context;
  if (change.recovery) change.recovery.outcome = 'undone';
  change.error = blameDisk(root, change, change.error);
  await undoSteps(steps, context, observer);
  change.undoError = blameDisk(root, change, change.undoError);
  quarantineAfter(root, change);
  return recordResult(context, failedStatus(change));
}

async function doStep(step: Step, context: Context, observer: Observer): Promise<void> {
  const { change } = context;
  const begun = performance.now();
  const record: StepRecord = { name: step.name, state: 'doing', startedAt: new Date().toISOString() };
  change.steps = [...change.steps.filter((other) => other.name !== step.name), record];
  const reason = step.skip?.(context) ?? null;
  if (reason !== null) {
    Object.assign(record, { state: 'skipped', ms: 0, note: reason });
    observer.step?.(record, change);
    return;
  }
  saveIntent(context, record);
  observer.step?.(record, change);
  const end = (state: StepState, note: string) => {
    Object.assign(record, { state, ms: Math.round(performance.now() - begun), note });
    observer.step?.(record, change);
  };
  try {
    faultPoint(`before ${step.name}`);
    const note = await step.do(context);
    faultPoint(`after ${step.name}`);
    end('done', note);
  } catch (error) {
    if (error instanceof NothingToDo) end('done', error.message);
    else end('failed', toErrorRecord(error).message);
    throw error;
  }
  // A failed write is harmless: the intent is on disk, and recovery needs no more.
  trySave(context, record);
}

async function undoSteps(steps: readonly Step[], context: Context, observer: Observer): Promise<void> {
  const { root } = context;
  const budgetMs = UNDO_BUDGET_MS + restoreLimitMs(root, readRestore(root) ?? readReturn(root));
  const undoing: Context = { ...context, signal: AbortSignal.timeout(budgetMs) };
  for (const step of [...steps].reverse()) {
    const record = stepOf(context.change, step.name);
    if (!record || record.state === 'skipped' || !step.undo) continue;
    setState(undoing, record, 'undoing', observer);
    try {
      faultPoint(`before undo ${step.name}`);
      await step.undo(undoing);
      faultPoint(`after undo ${step.name}`);
      setState(undoing, record, 'undone', observer);
    } catch (error) {
      context.change.undoError ??= errorOf(context.change, error);
      setState(undoing, record, 'undo_failed', observer);
    }
  }
}

function setState(context: Context, record: StepRecord, state: StepState, observer: Observer): void {
  record.state = state;
  trySave(context, record);
  observer.step?.(record, context.change);
}

function failedStatus(change: Change): ChangeStatus {
  if (change.plan.kind === 'drill') return 'drill_failed';
  if (change.undoError) return 'rollback_failed';
  if (stepOf(change, 'verify')) return 'rolled_back';
  return stepOf(change, 'restart') ? 'package_updated_restart_failed' : 'package_update_failed';
}

function succeededStatus(change: Change): ChangeStatus {
  if (change.plan.kind === 'stage') return 'staged';
  if (change.plan.kind === 'drill') return 'drill_passed';
  return stepOf(change, 'verify')?.state === 'done'
    ? 'package_updated_restart_verified'
    : 'package_updated_restart_scheduled';
}
