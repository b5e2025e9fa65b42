export interface Budget {
  /** No verdict before this, however quiet the process is. */
  floorMs: number;
  /** No more time after this, however much it advances. */
  ceilingMs: number;
}

export interface Verdict {
  state: 'waiting' | 'stalled' | 'exhausted';
  /** Since the first observation. */
  waitedMs: number;
}

/** Between a steady start and one that is still worth waiting for. */
const MARGIN = 3;

const STARTS_REMEMBERED = 5;

/**
 * A deadline that follows progress: what advances is given time, what stands still is not. It has no clock of its
 * own; the caller's readings must never go back.
 */
export class ProgressDeadline {
  readonly #limits: Budget & { stallMs: number };
  #startedAt: number | undefined;
  #advancedAt = 0;
  #signature: string | undefined;

  /** @param limits `stallMs` is how long nothing may advance, once the floor has passed. */
  constructor(limits: Budget & { stallMs: number }) {
    this.#limits = limits;
  }

  /** Takes note of how far the process is; any `signature` that differs from the last one is progress. */
  observe(nowMs: number, signature: string): void {
    this.#startedAt ??= nowMs;
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.#advancedAt = nowMs;
  }

  /** Whether it is worth waiting on. Before the first observation it always is. */
  verdict(nowMs: number): Verdict {
    if (this.#startedAt === undefined) return { state: 'waiting', waitedMs: 0 };
    const waitedMs = nowMs - this.#startedAt;
    if (waitedMs < this.#limits.floorMs) return { state: 'waiting', waitedMs };
    if (waitedMs >= this.#limits.ceilingMs) return { state: 'exhausted', waitedMs };
    const state = nowMs - this.#advancedAt >= this.#limits.stallMs ? 'stalled' : 'waiting';
    return { state, waitedMs };
  }
}

/**
 * What to give a start on this host: three times the slowest of its last five, within the limits. The first start
 * from a new path was measured at 1.5 times a steady one; the rest is for a host that is busier today.
 * @param history how long earlier starts took until they were ready, in milliseconds, oldest first
 */
export function budgetFrom(history: number[], limits: Budget): Budget {
  const slowest = Math.max(0, ...history.slice(-STARTS_REMEMBERED));
  const floorMs = Math.min(limits.ceilingMs, Math.max(limits.floorMs, MARGIN * slowest));
  return { floorMs, ceilingMs: limits.ceilingMs };
}
