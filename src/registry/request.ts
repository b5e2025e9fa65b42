import { interrupted } from '../core/interrupted.js';
import type { ClientOptions } from './client.js';
import { sourceFailure } from './failure.js';

/** Limit for one question with all its retries. npm has no limit for connecting: its timeouts begin later. */
const DEADLINE_MS = 45_000;

/**
 * Asks the registry one question; stops at the deadline, or at once when `signal` aborts.
 * @throws ReleasesError `interrupted`, and the codes of `sourceFailure`
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

/** Leaves aborted work unfinished and does not wait for it: npm's libraries retry after an abort. */
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
