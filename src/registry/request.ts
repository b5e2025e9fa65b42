import { once } from 'node:events';
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
    either.throwIfAborted();
    const aborted = once(either, 'abort').then(() => Promise.reject(either.reason));
    // Aborted work is left unfinished, and not waited for: npm's libraries retry after an abort.
    return await Promise.race([question({ ...options, signal: either }), aborted]);
  } catch (error) {
    if (signal?.aborted) throw interrupted(error);
    const late = deadline.aborted
      ? Object.assign(new Error('too late', { cause: error }), { code: 'ETIMEDOUT' })
      : error;
    throw sourceFailure(late, about, options.registry);
  }
}
