import { execa } from 'execa';
import { killTree } from './process-tree.js';

export interface BoundedOptions {
  cwd: string;
  /** All of it: nothing is inherited. May hold secrets. */
  env: Record<string, string>;
  timeoutMs: number;
  /** Ends it as the time-out does; whoever asked knows that it was aborted. */
  signal?: AbortSignal | undefined;
  /** Whose process it becomes; only the superuser may say so. */
  user?: { uid: number; gid: number } | undefined;
  /** Written to its input, which then ends; without it there is none. */
  input?: string | undefined;
}

export interface BoundedResult {
  /** Ended by itself, in time, with code 0. */
  ok: boolean;
  stdout: string;
  stderr: string;
  /** Both, in the order in which they were said. */
  output: string;
  /** It was killed, by its time-out or by somebody else: whatever it did may be half done. */
  cutOff: boolean;
  /** How it ended, in a few words for people. */
  how: string;
}

/** What says more than that has gone wrong in a way of its own. */
const MOST_OUTPUT = 16 * 2 ** 20;

/** Runs a program to its end, bounded in time; then it and everything that it has started is gone. Never rejects. */
export async function runBounded(
  file: string,
  args: string[],
  { cwd, env, timeoutMs, signal, user, input }: BoundedOptions,
): Promise<BoundedResult> {
  const child = execa(file, args, {
    ...{
      cwd,
      env,
      extendEnv: false,
      detached: true,
      reject: false,
      all: true,
      maxBuffer: MOST_OUTPUT,
      ...user,
    },
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
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
  if (signal?.aborted) stop();
  const result = await child;
  // What it left running goes with it.
  stop();
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  const ended = result.signal ? `signal ${result.signal}` : (result.code ?? `code ${result.exitCode}`);
  return {
    ok: !result.failed && !late,
    stdout: text(result.stdout),
    stderr: text(result.stderr),
    output: text(result.all),
    cutOff: late || result.signal !== undefined,
    how: late ? `no end after ${Math.round(timeoutMs / 1000)} s` : ended,
  };
}

function text(said: unknown): string {
  return typeof said === 'string' ? said : '';
}
