import { execa } from 'execa';
import { ReleasesError } from '../errors.js';
import { killTree } from '../host/process-tree.js';

export interface CommandOptions {
  cwd: string;
  /** All of it: nothing is inherited. Holds the gateway's secrets. */
  env: Record<string, string>;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Whose process it becomes; only the superuser may say so. */
  user?: { uid: number; gid: number } | undefined;
  /** Written to its input, which then ends. */
  input?: string;
}

export interface CommandResult {
  /** Ended by itself, in time, with code 0. */
  ok: boolean;
  /** What it said, in the order in which it said so, without colours. */
  output: string;
  stdout: string;
  /** It was killed, by its time-out or by somebody else: whatever it did may be half done. */
  cutOff: boolean;
  /** Why it is not ok, in a few words. */
  problem: string;
}

/** Colours and the like: a program that sees no terminal may print them all the same. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what such a sequence begins with
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;

/**
 * Runs a command of the gateway's own to its end, bounded in time; on a time-out or an abort it dies with everything
 * that it has started.
 * @throws ReleasesError `interrupted`
 */
export async function runCommand(
  file: string,
  args: string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { cwd, env, timeoutMs, signal, user, input } = options;
  throwIfInterrupted(signal);
  const child = execa(file, args, {
    ...{ cwd, env, extendEnv: false, detached: true, reject: false, all: true, ...user },
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    // What says more than that has gone wrong in a way of its own.
    maxBuffer: 16 * 2 ** 20,
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
  clearTimeout(timer);
  // What it left running goes with it.
  stop();
  signal?.removeEventListener('abort', stop);
  throwIfInterrupted(signal);
  const how = late
    ? `no end after ${Math.round(timeoutMs / 1000)} s`
    : result.signal
      ? `signal ${result.signal}`
      : (result.code ?? `code ${result.exitCode}`);
  return {
    ok: !result.failed && !late,
    output: plain(result.all),
    stdout: plain(result.stdout),
    cutOff: late || result.signal !== undefined,
    problem: how,
  };
}

function plain(text: unknown): string {
  return typeof text === 'string' ? text.replaceAll(ESCAPES, '') : '';
}

function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new ReleasesError('interrupted', 'A command of the gateway was interrupted.', {
    hint: 'openclaw-releases status',
    cause: signal.reason,
  });
}
