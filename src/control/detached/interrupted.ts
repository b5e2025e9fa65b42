import { isProven } from '../../change/engine.js';
import type { Environment } from '../../ledger/environment.js';
import { type Change, readChange, stepOf } from '../../ledger/ledger.js';
import { hasLiveOwner } from '../../ledger/ownership.js';
import { readLockOwner } from '../../store/lock.js';
import type { Root } from '../../store/root.js';
import { runDetached } from './start.js';

export interface SeenChange {
  change: Change;
  /** The change has no verdict and its owner is dead. */
  ownerDied: boolean;
}

export function seeChange(root: Root, id: string): SeenChange {
  const change = readChange(root, id);
  if (change.endedAt !== null || hasLiveOwner(root, change)) return { change, ownerDied: false };
  // Reads again: meanwhile it may have ended, or another process may recover it.
  const again = readChange(root, id);
  return { change: again, ownerDied: again.endedAt === null && !hasLiveOwner(root, again) };
}

export function recoveryOutlook(change: Change): string {
  const { from, to } = change.facts;
  if (change.steps.length === 0) return 'It had not begun: nothing was changed.';
  if (isProven(change)) return `${to} was verified already, and is kept.`;
  const switched = stepOf(change, 'switch') ?? stepOf(change, 'attach') ?? stepOf(change, 'detach');
  if (!switched) return 'It had changed nothing that runs; what it was staging is removed.';
  if (change.error) return `It was going back to ${from}, and that is finished.`;
  return `If ${to} runs and passes verification it is kept, else ${from} comes back.`;
}

/**
 * Recovers an interrupted change in a detached worker: the restart may end this process. Does nothing while any process
 * holds the lock, since that one recovers the change.
 * @returns true when a worker was started
 * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`
 */
export async function recoverDetached(environment: Environment, change: Change): Promise<boolean> {
  if (readLockOwner(environment.root) !== null) return false;
  await runDetached(environment, change, ['recover'], '-recover');
  return true;
}
