/** Milliseconds before the restart of a gateway that ended unasked. */
export interface BackoffOptions {
  /** First delay; each next one doubles. */
  firstMs: number;
  maxMs: number;
  /** Run time after which a gateway counts as healthy and the delays start again. */
  resetAfterMs: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 1_000, maxMs: 60_000, resetAfterMs: 60_000 };

export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;

  constructor(options: BackoffOptions = DEFAULT_BACKOFF) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  next(uptimeMs: number): number {
    if (uptimeMs >= this.#options.resetAfterMs) this.clear();
    const delayMs = Math.min(this.#nextMs, this.#options.maxMs);
    this.#nextMs = Math.min(delayMs * 2, this.#options.maxMs);
    return delayMs;
  }

  clear(): void {
    this.#nextMs = this.#options.firstMs;
  }
}
