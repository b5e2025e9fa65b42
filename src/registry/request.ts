import { ReleasesError } from '../core/errors.js';
import type { ClientOptions } from './client.js';
import { sourceFailure } from './failure.js';

/**
 * For all requests of one question together, retries included. Nothing else bounds a connection that is never
 * answered: npm's own timeouts begin when it stands.
 */
const DEADLINE_MS = 45_000;

/**
 * Asks the registry one question about packages: bounded in time, and given up at once when `signal` aborts.
 * @param about what is asked for, as `name@version`
 * @throws ReleasesError `interrupted`, and what `sourceFailure` makes of npm's errors
 */
export async function ask<T>(
  about: string,
  options: ClientOptions,
  signal: AbortSignal | undefined,
  question: (options: ClientOptions) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
  try {
    return await unlessAborted(question({ ...options, signal: either }), either);
  } catch (error) {
    if (signal?.aborted) throw interrupted(error);
    const late = deadline.aborted
      ? Object.assign(new Error('too late', { cause: error }), { code: 'ETIMEDOUT' })
      : error;
    throw sourceFailure(late, about, options.registry);
  }
}

/** npm's libraries take an abort for a failure to retry: what they still do is left alone and not waited for. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The one error for work that was stopped by whoever asked for it. */
export function interrupted(cause?: unknown): ReleasesError {
  return new ReleasesError('interrupted', 'Stopped on request.', {
    hint: 'Give the same command again to begin anew.',
    untouched: 'Nothing that runs was changed.',
    cause,
  });
}
