import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { waitUntil } from '../host/wait.js';
import { acquireLock } from './lock.js';
import type { Root } from './root.js';

const LONGEST_MS = 60_000;

/**
 * Runs `work` for one request at a time, across processes. Uses a lock of its own, because the change that begins needs
 * the lock of the root. A process that dies frees the lock.
 * @throws ReleasesError `locked` when the request before takes longer than a minute
 */
export async function inTurn<T>(root: Root, work: () => Promise<T>): Promise<T> {
  mkdirSync(root.requests, { recursive: true, mode: 0o700 });
  const place: Root = {
    ...root,
    path: root.requests,
    lock: join(root.requests, 'lock'),
    lockOwner: join(root.requests, 'lock-owner.json'),
  };
  let held: unknown;
  const unlock = await waitUntil({ withinMs: LONGEST_MS }, () =>
    acquireLock(place, 'a request').catch((error: unknown) => {
      if (!(error instanceof ReleasesError && error.code === 'locked')) throw error;
      held = error;
      return null;
    }),
  );
  if (!unlock) throw held;
  try {
    return await work();
  } finally {
    await unlock();
  }
}
