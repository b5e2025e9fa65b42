import type { Environment } from '../../ledger/environment.js';
import { readChange } from '../../ledger/ledger.js';
import { readLockOwner } from '../../store/lock.js';
import { runDetached } from './start.js';

/**
 * Recovers an interrupted change in a detached worker: the restart may end this process. Does nothing while any process
 * holds the lock, since that one recovers the change.
 * @returns true when a worker was started
 * @throws ReleasesError `supervisor_not_found`, `supervisor_failed`
 */
export async function recoverDetached(environment: Environment, id: string): Promise<boolean> {
  const { root } = environment;
  if (readLockOwner(root) !== null) return false;
  await runDetached(environment, readChange(root, id), ['recover'], '-recover');
  return true;
}
