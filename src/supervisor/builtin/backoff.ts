/** Times of the delay before a gateway that ended by itself is started again, all in milliseconds. */
export interface BackoffOptions {
  /** The first delay; each further one is twice as long. */
  firstMs: number;
  maxMs: number;
  /** A gateway that ran this long counts as well, and the delays begin anew. */
  resetAfterMs: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 1_000, maxMs: 60_000, resetAfterMs: 60_000 };

/** How long to wait before the next start, given how long the last one lasted. */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;

  constructor(options: BackoffOptions = DEFAULT_BACKOFF) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  /** The delay in milliseconds after a run of `uptimeMs`; asking for it makes the next one longer. */
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
