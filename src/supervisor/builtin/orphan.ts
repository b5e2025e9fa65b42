import { systemCode } from '../../core/errors.js';
import { isAlive, type ProcessIdentity } from '../../host/process.js';
import { waitUntil } from '../../host/wait.js';
import { readRunRecord } from './record.js';

/** Milliseconds beyond the stop limit for a kill and the leftovers of the gateway, each bounded. */
const MARGIN_MS = 20_000;

/**
 * Finds the `run` of a root that outlived a process above it, as after kill -9 of its supervisor. Null while all of these
 * live, or none is known.
 */
export function findOrphan(root: string): ProcessIdentity | null {
  const { supervisor, parents = [] } = readRunRecord(root) ?? {};
  const isOrphan = supervisor && isAlive(supervisor) && !parents.every(isAlive);
  return isOrphan ? supervisor : null;
}

/**
 * Asks an orphan to stop its gateway and to end, and waits for that. It is not killed: the claim of the root then
 * refuses the caller, and the gateway keeps running.
 * @param limitMs the stop limit of its gateway, in milliseconds
 */
export async function endOrphan(orphan: ProcessIdentity, limitMs: number): Promise<void> {
  try {
    if (isAlive(orphan)) process.kill(orphan.pid, 'SIGTERM');
  } catch (error) {
    // It has ended, or belongs to another user.
    if (!['ESRCH', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
    return;
  }
  await waitUntil({ withinMs: limitMs + MARGIN_MS }, () => !isAlive(orphan));
}
