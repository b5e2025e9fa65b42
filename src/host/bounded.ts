import { execa } from 'execa';
import { killTree } from './process-tree.js';

export interface BoundedOptions {
  cwd: string;
  /** The whole environment; nothing is inherited. May hold secrets. */
  env: Record<string, string>;
  timeoutMs: number;
  /** Kills the program as the time-out does; the result does not mention the abort. */
  signal?: AbortSignal | undefined;
  /** Text for stdin, which then ends; without it stdin is empty. */
  input?: string | undefined;
}

export interface BoundedResult {
  /** True when it exited with code 0 in time. */
  ok: boolean;
  stdout: string;
  stderr: string;
  /** Both streams, in order of arrival. */
  output: string;
  /** True when the time-out or a signal killed it, so its work may be incomplete. */
  cutOff: boolean;
  /** Cause of the end in a few words for people. */
  how: string;
}

/** Limit for execa's `maxBuffer`; a program that prints more has failed. */
const MOST_OUTPUT = 16 * 2 ** 20;

/** Runs a program with a time limit, then kills every process that it left running. Never rejects. */
export async function runBounded(
  file: string,
  args: string[],
  { cwd, env, timeoutMs, signal, input }: BoundedOptions,
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
