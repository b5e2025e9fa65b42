import { ReleasesError } from './errors.js';

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
