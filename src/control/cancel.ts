import { canBeCancelled, UNDO_BUDGET_MS } from '../change/cancellation.js';
import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { waitUntil } from '../host/wait.js';
import { type Change, readChange, stepOf } from '../ledger/ledger.js';
import { activeChange, hasLiveOwner } from '../ledger/ownership.js';
import type { Initiator } from '../ledger/plan.js';
import { clearSignals, sendSignal } from '../ledger/signals.js';
import type { Root } from '../store/root.js';

const POLL_MS = 200;

/** Milliseconds for the change to notice the signal and to undo its steps. */
const ENDED_WITHIN_MS = UNDO_BUDGET_MS + 60_000;

/**
 * Signals the active change to stop and returns at once; its owner undoes the steps.
 * @param named refuses any other change than this id
 * @throws ReleasesError `no_active_change`, `already_switched`
 */
export function requestCancel(root: Root, by: Initiator, named?: string): Change {
  const change = findActive(root, named);
  if (!canBeCancelled(change)) throw tooLate(change);
  sendSignal(root, change.id, 'cancel', by);
  return change;
}

/**
 * Stops the active change and resolves with its verdict: stopped, or failed meanwhile.
 * @throws ReleasesError `no_active_change`, `already_switched`, `timed_out`
 */
export async function cancelChange(root: Root, by: Initiator): Promise<Change> {
  let change = findActive(root);
  const { id } = change;
  if (change.error === null) requestCancel(root, by, id);
  const isOver = await waitUntil({ withinMs: ENDED_WITHIN_MS, everyMs: POLL_MS }, () => {
    change = readChange(root, id);
    return !(hasLiveOwner(root, change) && (change.error !== null || canBeCancelled(change)));
  });
  if (!isOver) throw stillActive(change);
  clearSignals(root, id);
  if (change.endedAt !== null) return change;
  throw hasLiveOwner(root, change) ? tooLate(change) : hasDied(change);
}

/**
 * Signals the active change to restart the gateway without further waiting. A change that is not there yet skips the
 * wait.
 * @throws ReleasesError `no_active_change`, `already_switched`
 */
export function requestRestartNow(root: Root, by: Initiator): Change {
  const change = findActive(root);
  const step = stepOf(change, 'wait-idle');
  const waits = change.plan.steps.includes('wait-idle') && (step === undefined || step.state === 'doing');
  if (!waits || !canBeCancelled(change)) {
    throw new ReleasesError(
      'already_switched',
      `${change.id} does not wait for the gateway, or not any more.`,
      { hint: 'openclaw-releases status --follow' },
    );
  }
  sendSignal(root, change.id, 'restart-now', by);
  return change;
}

function findActive(root: Root, named?: string): Change {
  const change = activeChange(root);
  if (change && (named === undefined || named === change.id)) return change;
  const message = named === undefined ? 'No change is active.' : `${named} is not active any more.`;
  throw new ReleasesError('no_active_change', message, { hint: 'openclaw-releases status' });
}

function tooLate({ id, steps }: Change): ReleasesError {
  return new ReleasesError(
    'already_switched',
    `${id} is past its switch (${steps.at(-1)?.name}), or ends already.`,
    { hint: 'openclaw-releases status --follow; then openclaw-releases rollback' },
  );
}

function stillActive({ id, owner, steps }: Change): ReleasesError {
  return new ReleasesError(
    'timed_out',
    `${id} was asked to stop, and process ${owner.pid} is still at ${steps.at(-1)?.name} after ${duration(ENDED_WITHIN_MS)}.`,
    { hint: `openclaw-releases status; kill ${owner.pid}, then openclaw-releases recover` },
  );
}

function hasDied({ id }: Change): ReleasesError {
  return new ReleasesError('no_active_change', `The process that made ${id} has died.`, {
    hint: 'openclaw-releases recover',
  });
}
