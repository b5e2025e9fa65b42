import { type BoundedOptions, runBounded } from '../host/bounded.js';
import { interrupted } from './request.js';

export interface RunResult {
  /** Ended by itself, in time, with code 0. */
  ok: boolean;
  stdout: string;
  /** Why it is not ok, in a few words for people. */
  problem: string;
}

/**
 * Runs a program to its end, bounded in time; on a time-out or an abort it dies with everything it started.
 * @throws ReleasesError `interrupted`
 */
export async function run(file: string, args: string[], options: BoundedOptions): Promise<RunResult> {
  const { signal } = options;
  if (signal?.aborted) throw interrupted(signal.reason);
  const { ok, stdout, stderr, how } = await runBounded(file, args, options);
  if (signal?.aborted) throw interrupted(signal.reason);
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return { ok, stdout, problem: said ? `${how}: ${said}` : how };
}
