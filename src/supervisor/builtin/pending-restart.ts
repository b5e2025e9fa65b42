import { ReleasesError } from '../../core/errors.js';
import type { RestartReport } from '../supervisor.js';

export class PendingRestart {
  readonly report: Promise<RestartReport>;
  readonly #requestedAt = performance.now();
  readonly #hadProcess: boolean;
  #resolve: (report: RestartReport) => void = () => {};
  #reject: (error: ReleasesError) => void = () => {};

  constructor(hadProcess: boolean) {
    this.#hadProcess = hadProcess;
    this.report = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  started(instance: string, killed: boolean): void {
    const stopMs = this.#hadProcess ? Math.round(performance.now() - this.#requestedAt) : 0;
    this.#resolve({ stopMs, killed: this.#hadProcess && killed, instance });
  }

  /** Rejects the report; a later start still counts as requested. */
  failed(sentence: string, cause?: unknown): void {
    this.#reject(new ReleasesError('restart_failed', sentence, { cause }));
  }
}
