export interface Budget {
  /** No verdict before this, even without progress. */
  floorMs: number;
  /** End of the wait, even with progress. */
  ceilingMs: number;
}

export interface Verdict {
  state: 'waiting' | 'stalled' | 'exhausted';
  waitedMs: number;
}

/** Factor between a normal start and the longest one worth a wait. */
const MARGIN = 3;

const STARTS_REMEMBERED = 5;

/** Deadline that follows progress. Has no clock: the times that the caller passes must never decrease. */
export class ProgressDeadline {
  readonly #limits: Budget & { stallMs: number };
  #startedAt: number | undefined;
  #advancedAt = 0;
  #signature: string | undefined;

  /** @param limits `stallMs`: longest time without progress, once the floor has passed */
  constructor(limits: Budget & { stallMs: number }) {
    this.#limits = limits;
  }

  observe(nowMs: number, signature: string): void {
    this.#startedAt ??= nowMs;
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.#advancedAt = nowMs;
  }

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
 * Budget for a start on this host: three times the slowest of the last five, within the limits. The first start from a
 * new path took 1.5 times a normal one; the rest is for a busier host.
 * @param history duration of earlier starts until ready, in milliseconds, oldest first
 */
export function budgetFrom(history: number[], limits: Budget): Budget {
  const slowest = Math.max(0, ...history.slice(-STARTS_REMEMBERED));
  const floorMs = Math.min(limits.ceilingMs, Math.max(limits.floorMs, MARGIN * slowest));
  return { floorMs, ceilingMs: limits.ceilingMs };
}
