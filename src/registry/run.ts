import { type BoundedOptions, runBounded } from '../host/bounded.js';
import { interrupted } from './request.js';

export interface RunResult {
  /** True when the program exited in time with code 0. */
  ok: boolean;
  stdout: string;
  problem: string;
}

/**
 * Runs a program with a time limit; a time-out or an abort kills it and everything that it started.
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
