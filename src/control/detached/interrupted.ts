import { isProven } from '../../change/engine.js';
import type { Environment } from '../../ledger/environment.js';
import { type Change, readChange, stepOf } from '../../ledger/ledger.js';
import { hasLiveOwner } from '../../ledger/ownership.js';
import { readLockOwner } from '../../store/lock.js';
import type { Root } from '../../store/root.js';
import { runDetached } from './start.js';

/** A change, and whether the process that makes it lives. */
export interface Seen {
  change: Change;
  /** No process makes it, and it has no verdict: nobody has given it its end yet. */
  isDead: boolean;
}

/** Reads a change as it is at this moment. */
export function lookAt(root: Root, id: string): Seen {
  const change = readChange(root, id);
  if (change.endedAt !== null || hasLiveOwner(root, change)) return { change, isDead: false };
  // Between the two looks it may have come to its end, or to another process that gives it one.
  const again = readChange(root, id);
  return { change: again, isDead: again.endedAt === null && !hasLiveOwner(root, again) };
}

/** What `recover` makes of a change whose process died, as a sentence. */
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
 * Has a dead change given its end by a process outside: this one may belong to the gateway that is restarted for it.
 * Does nothing while somebody holds the lock, who is at it or does it first.
 * @returns whether such a process was started
 * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`
 */
export async function recoverDetached(environment: Environment, change: Change): Promise<boolean> {
  if (readLockOwner(environment.root) !== null) return false;
  await runDetached(environment, change, ['recover'], '-recover');
  return true;
}
