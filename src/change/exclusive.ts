import { ReleasesError } from '../core/errors.js';
import { isActive, unfinishedChanges } from '../ledger/ledger.js';
import { acquireLock } from '../store/lock.js';
import { prepareRoot, type Root } from '../store/root.js';
import { waitingOf, waitingText } from './waiting.js';

/** @throws ReleasesError `locked`; if the holder waits for an idle gateway, names `cancel` and `restart-now` */
export async function takeRoot(root: Root, doing: string): Promise<() => Promise<void>> {
  try {
    return await acquireLock(root, doing);
  } catch (error) {
    throw error instanceof ReleasesError && error.code === 'locked' ? sayWhatItWaitsFor(root, error) : error;
  }
}

/**
 * Runs `decide` under the lock, without recovery, which may restart the gateway and so kill a caller inside it.
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
    cause: error,
  });
}
