import { ReleasesError } from '../../core/errors.js';

function interrupted(cause?: unknown): ReleasesError {
  return new ReleasesError('interrupted', 'Copying the state was stopped on request.', {
    hint: 'Give the same command again to begin anew.',
    cause,
  });
}

/** @throws ReleasesError `interrupted` */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interrupted(signal.reason);
}
