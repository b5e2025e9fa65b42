import { systemCode, toErrorRecord } from '../core/errors.js';
import type { Context } from '../ledger/context.js';
import { type Change, type ChangeStatus, type StepRecord, saveChange } from '../ledger/ledger.js';
import { clearSignals } from '../ledger/signals.js';
import { dropBallastWhenShort } from '../store/ballast.js';
import type { Root } from '../store/root.js';

/** Throws if the intent cannot be written, so the step does not begin. A rollback continues even on a full disk. */
export function saveIntent({ root, change }: Pick<Context, 'root' | 'change'>, step?: StepRecord): void {
  if (change.plan.kind === 'rollback') trySave({ root, change }, step);
  else saveChange(root, change, step);
}

/** Writes the ledger without ever throwing: the undo must continue on a full disk. */
export function trySave({ root, change }: Pick<Context, 'root' | 'change'>, step?: StepRecord): void {
  try {
    saveChange(root, change, step);
  } catch {
    retrySave(root, change, step);
  }
}

/** Retries with the disk space that the ballast reserves for this. */
function retrySave(root: Root, change: Change, step?: StepRecord): void {
  dropBallastWhenShort(root);
  try {
    saveChange(root, change, step);
  } catch (error) {
    const warning = `The ledger could not be written (${systemCode(error) ?? toErrorRecord(error).message}).`;
    if (!change.warnings.includes(warning)) change.warnings.push(warning);
  }
}

export function recordResult(context: Context, status: ChangeStatus): Change {
  context.change.status = status;
  context.change.endedAt = new Date().toISOString();
  clearSignals(context.root, context.change.id);
  trySave(context);
  return context.change;
}
