import { ReleasesError } from './errors.js';

/** Reason of an abort: SIGINT is a Ctrl-C; others mean the end of the session or of the gateway's processes. */
export class Interruption extends Error {
  /** Aborted by the second signal. */
  readonly #again = new AbortController();
  readonly again: AbortSignal = this.#again.signal;

  constructor(readonly by: NodeJS.Signals) {
    super(`Stopped by ${by}.`);
  }

  repeat(): void {
    this.#again.abort();
  }
}

/** Calls `first` on the first signal, at once if it has come already, and `second` on the second. */
export function onInterruption(
  signal: AbortSignal,
  first: (by: NodeJS.Signals) => void,
  second: () => void,
): void {
  const begin = () => {
    if (!(signal.reason instanceof Interruption)) return;
    first(signal.reason.by);
    signal.reason.again.addEventListener('abort', second, { once: true });
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
}

export function interrupted(cause?: unknown): ReleasesError {
  return new ReleasesError('interrupted', 'Stopped on request.', {
    hint: 'Give the same command again to begin anew.',
    cause,
  });
}

/** @throws ReleasesError `interrupted` */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted(signal.reason);
}
