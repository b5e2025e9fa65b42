import { setTimeout as sleep } from 'node:timers/promises';

/** Short compared with the stop of a gateway, long compared with a read of /proc. */
const INTERVAL_MS = 50;

/** Polls a condition; returns true when it holds within `limitMs` milliseconds. */
export async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() >= deadline) return false;
    await sleep(INTERVAL_MS);
  }
  return true;
}

/** Returns true when the event comes within `limitMs` milliseconds. */
export async function within(event: Promise<unknown>, limitMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(limitMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([event.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
