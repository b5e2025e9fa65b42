import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ReleasesError } from '../core/errors.js';
import { acquireLock } from './lock.js';
import type { Root } from './root.js';

/** One is decided on in a moment: a look at the gateway, and two durable writes. */
const LONGEST_MS = 60_000;
const POLL_MS = 50;

/**
 * Decides on one request after the other, in whatever processes they came: while one is decided on, the lock of the
 * root is free for the change that it begins. A process that dies over it lets the next one go on.
 * @throws ReleasesError `locked` when the one before takes far too long
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
