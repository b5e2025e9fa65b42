import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds; short compared with the start of a gateway, long compared with a read of /proc. */
const EVERY_MS = 50;

/** End of a wait. Tries count where this process itself may be the suspended one. All times are in milliseconds. */
export type Limits = ({ withinMs: number } | { tries: number }) & {
  everyMs?: number;
  signal?: AbortSignal | undefined;
  /** Ends the wait early where nothing moves. */
  stall?: Stall;
};

export interface Stall {
  /** No end before this, even without progress. */
  floorMs: number;
  stallMs: number;
  /** Text that changes with each progress. */
  signature(): string;
}

/**
 * Asks `probe` until its answer is truthy. Each wait of this program is this one (`build/waits.grit`), so each has an
 * end. The probe is asked at least once, and again after the last pause.
 * @returns the last answer: a falsy one means that the limit came first
 * @throws the reason of `signal` when it aborts, and errors of the probe
 */
export async function waitUntil<T>(limits: Limits, probe: () => T | Promise<T>): Promise<T> {
  const { everyMs = EVERY_MS, signal, stall } = limits;
  const begun = performance.now();
  let moved = { at: begun, signature: '' };
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    const answer = await probe();
    if (answer) return answer;
    const now = performance.now();
    const leftMs = 'tries' in limits ? everyMs : begun + limits.withinMs - now;
    if (leftMs <= 0 || ('tries' in limits && tries >= limits.tries)) return answer;
    if (stall) {
      const signature = stall.signature();
      if (signature !== moved.signature) moved = { at: now, signature };
      if (now - begun >= stall.floorMs && now - moved.at >= stall.stallMs) return answer;
    }
    // The abort's own reason says more than the timer's AbortError.
    await sleep(Math.min(everyMs, leftMs), undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
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
