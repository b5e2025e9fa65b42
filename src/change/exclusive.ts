import { ReleasesError } from '../core/errors.js';
import { isActive, unfinishedChanges } from '../ledger/ledger.js';
import { acquireLock } from '../store/lock.js';
import { prepareRoot, type Root } from '../store/root.js';
import { waitingOf, waitingText } from './waiting.js';

/**
 * Takes the lock of the root; call what it returns to let go.
 * @throws ReleasesError `locked`; where the holder only waits for the gateway, that says so and how to stop it
 */
export async function takeRoot(root: Root, doing: string): Promise<() => Promise<void>> {
  try {
    return await acquireLock(root, doing);
  } catch (error) {
    throw error instanceof ReleasesError && error.code === 'locked' ? sayWhatItWaitsFor(root, error) : error;
  }
}

/**
 * Decides something as the only one who changes this root. Only the lock: what a dead change left may need a restart of
 * the gateway, which would end a process of the gateway over it. That is for whoever makes the next change.
 * @throws ReleasesError as `takeRoot` and `prepareRoot` do
 */
export async function whileLocked<T>(root: Root, doing: string, decide: () => T): Promise<T> {
  prepareRoot(root);
  const letGo = await takeRoot(root, doing);
  try {
    return decide();
  } finally {
    await letGo();
  }
}

function sayWhatItWaitsFor(root: Root, error: ReleasesError): ReleasesError {
  const change = unfinishedChanges(root).find((other) => isActive(other) && waitingOf(other) !== null);
  const waiting = change && waitingOf(change);
  if (!waiting) return error;
  return new ReleasesError('locked', `${error.message} It is at this: ${waitingText(waiting)}.`, {
    hint: `openclaw-releases cancel, to end ${change.id}; openclaw-releases restart-now, to have it go on`,
    untouched: 'Nothing was changed.',
    cause: error,
  });
}
