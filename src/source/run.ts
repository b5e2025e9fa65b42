import { execa } from 'execa';
import { killTree } from '../host/process-tree.js';
import { interrupted } from './ask.js';

export interface RunOptions {
  cwd: string;
  /** All of it: nothing is inherited. */
  env: Record<string, string>;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

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
export async function run(file: string, args: string[], options: RunOptions): Promise<RunResult> {
  const { cwd, env, timeoutMs, signal } = options;
  if (signal?.aborted) throw interrupted(signal.reason);
  const child = execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    stdin: 'ignore',
    detached: true,
    reject: false,
  });
  const stop = () => {
    if (child.pid !== undefined) killTree(child.pid);
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  const result = await child;
  // What it left running goes with it.
  stop();
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  if (signal?.aborted) throw interrupted(signal.reason);
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  const how = late
    ? `no end after ${timeoutMs / 1000} s`
    : result.signal
      ? `signal ${result.signal}`
      : (result.code ?? `code ${result.exitCode}`);
  return { ok: !result.failed, stdout: result.stdout, problem: said ? `${how}: ${said}` : how };
}
