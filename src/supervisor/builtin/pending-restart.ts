import { ReleasesError } from '../../core/errors.js';
import type { RestartReport } from '../supervisor.js';

/** A restart that somebody asked for and whose new process has not been started yet. */
export class PendingRestart {
  readonly report: Promise<RestartReport>;
  readonly #requestedAt = performance.now();
  readonly #hadProcess: boolean;
  #resolve: (report: RestartReport) => void = () => {};
  #reject: (error: ReleasesError) => void = () => {};

  /** @param hadProcess whether a gateway ran when the request came */
  constructor(hadProcess: boolean) {
    this.#hadProcess = hadProcess;
    this.report = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** The new process is there. */
  started(instance: string, killed: boolean): void {
    const stopMs = this.#hadProcess ? Math.round(performance.now() - this.#requestedAt) : 0;
    this.#resolve({ stopMs, killed: this.#hadProcess && killed, instance });
  }

  /** Tells those who wait that it failed; a start that follows later still counts as asked for. */
  failed(sentence: string, cause?: unknown): void {
    this.#reject(new ReleasesError('restart_failed', sentence, { cause }));
  }
}
