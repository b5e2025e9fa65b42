import { ReleasesError, systemCode, toErrorRecord } from '../errors.js';
import { faultPoint } from '../host/fault.js';
import type { Context, Observer, Step } from './context.js';
import { NothingToDo } from './context.js';
import {
  type Change,
  type ChangeStatus,
  type StepRecord,
  type StepState,
  saveChange,
  stepOf,
} from './ledger.js';

/** Going back restarts a gateway and waits for it: that has its own time, whatever the change has used up. */
const UNDO_BUDGET_MS = 15 * 60_000;

/**
 * Runs the steps of a change in order. Each intent is durable before its effect. The first failure ends it and
 * undoes in reverse what was begun; that error stays the reason, whatever happens while undoing.
 * Resolves with the change and its verdict; never rejects for what a step did.
 * @param from index of the first step to do, for a change that goes on; those before it can still be undone
 */
export async function runSteps(
  steps: readonly Step[],
  context: Context,
  observer: Observer = {},
  from = 0,
): Promise<Change> {
  const { change } = context;
  for (const step of steps.slice(from)) {
    try {
      context.signal.throwIfAborted();
      await doStep(step, context, observer);
    } catch (error) {
      if (error instanceof NothingToDo) return finish(context, 'already_current');
      change.error = toErrorRecord(context.signal.aborted ? interrupted(error) : error);
      await undoSteps(steps, context, observer);
      return finish(context, failedStatus(change));
    }
  }
  return finish(context, succeededStatus(change));
}

async function doStep(step: Step, context: Context, observer: Observer): Promise<void> {
  const { root, change } = context;
  const begun = performance.now();
  const record: StepRecord = { name: step.name, state: 'doing', startedAt: new Date().toISOString() };
  change.steps = [...change.steps.filter((other) => other.name !== step.name), record];
  const reason = step.skip?.(context) ?? null;
  if (reason !== null) {
    Object.assign(record, { state: 'skipped', ms: 0, note: reason });
    observer.step?.(record, change);
    return;
  }
  saveChange(root, change, record);
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
  saveChange(root, change, record);
}

/** Undoes, last first, every step that was begun; one that fails does not keep the others from being undone. */
export async function undoSteps(
  steps: readonly Step[],
  context: Context,
  observer: Observer = {},
): Promise<void> {
  const undoing: Context = { ...context, signal: AbortSignal.timeout(UNDO_BUDGET_MS) };
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
      context.change.undoError ??= toErrorRecord(error);
      setState(undoing, record, 'undo_failed', observer);
    }
  }
}

function setState(context: Context, record: StepRecord, state: StepState, observer: Observer): void {
  record.state = state;
  trySave(context, record);
  observer.step?.(record, context.change);
}

/** Going back does not depend on being able to write about it: the disk may be full. */
function trySave(context: Context, step?: StepRecord): void {
  try {
    saveChange(context.root, context.change, step);
  } catch (error) {
    const warning = `The ledger could not be written (${systemCode(error) ?? toErrorRecord(error).message}).`;
    if (!context.change.warnings.includes(warning)) context.change.warnings.push(warning);
  }
}

/** Writes the verdict. */
export function finish(context: Context, status: ChangeStatus): Change {
  context.change.status = status;
  context.change.endedAt = new Date().toISOString();
  trySave(context);
  return context.change;
}

/** The verdict on a change that failed and was undone, from how far it had come. */
export function failedStatus(change: Change): ChangeStatus {
  if (change.undoError) return 'rollback_failed';
  if (stepOf(change, 'verify')) return 'rolled_back';
  return stepOf(change, 'restart') ? 'package_updated_restart_failed' : 'package_update_failed';
}

function succeededStatus(change: Change): ChangeStatus {
  if (change.plan.kind === 'stage') return 'staged';
  return stepOf(change, 'verify')?.state === 'done'
    ? 'package_updated_restart_verified'
    : 'package_updated_restart_scheduled';
}

function interrupted(cause: unknown): ReleasesError {
  return new ReleasesError('interrupted', 'The change was interrupted and has been undone.', {
    hint: 'openclaw-releases status',
    cause,
  });
}
