import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ReleasesError } from '../core/errors.js';
import { acquireLock } from './lock.js';
import type { Root } from './root.js';

const LONGEST_MS = 60_000;
const POLL_MS = 50;

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
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    const unlock = await acquireLock(place, 'a request').catch((error: unknown) => {
      const waits = error instanceof ReleasesError && error.code === 'locked' && performance.now() < end;
      if (!waits) throw error;
      return null;
    });
    if (unlock === null) {
      await setTimeout(POLL_MS);
      continue;
    }
    try {
      return await work();
    } finally {
      await unlock();
    }
  }
}
