import { setTimeout as sleep } from 'node:timers/promises';

/** Short beside the seconds that a gateway takes to stop, long beside one look into /proc. */
const INTERVAL_MS = 50;

/** Waits for a condition that nothing announces; answers whether it came true within `limitMs` milliseconds. */
export async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() >= deadline) return false;
    await sleep(INTERVAL_MS);
  }
  return true;
}

/** Waits for an event; answers whether it came within `limitMs` milliseconds. */
export async function within(event: Promise<unknown>, limitMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(limitMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([event.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
