import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { duration } from '../core/duration.js';
import { throwIfInterrupted } from '../core/interrupted.js';
import { inOwnSession } from './own-session.js';
import { killTree } from './process-tree.js';

export interface ExecOptions {
  /** Default is `/`, which every user may enter. */
  cwd?: string;
  /** The whole environment; nothing is inherited. May hold secrets. */
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  /** Standard input; empty by default. */
  input?: string;
  signal?: AbortSignal | undefined;
}

/** Texts are without control sequences: some programs print colours without a terminal. */
export interface ExecResult {
  /** True when it exited with code 0 in time. */
  ok: boolean;
  /** Exit code; null after a signal, or where it was not started. */
  code: number | null;
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

/**
 * Runs a program with a time limit, then kills every process that it left running. A program that
 * cannot be started, fails or is late is a result, not an error.
 * @throws ReleasesError `interrupted`
 */
export async function exec(file: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const { signal: _, ...result } = await inOwnSession(() => execOnce(file, args, options));
  return result;
}

async function execOnce(
  file: string,
  args: readonly string[],
  { cwd = '/', env, timeoutMs, input, signal }: ExecOptions,
): Promise<ExecResult & { signal: string | undefined }> {
  throwIfInterrupted(signal);
  const child = execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    detached: true,
    reject: false,
    all: true,
    maxBuffer: MOST_OUTPUT,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
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
  stop();
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  throwIfInterrupted(signal);
  const ended = result.signal ? `signal ${result.signal}` : (result.code ?? `code ${result.exitCode}`);
  return {
    ok: !result.failed && !late,
    code: result.exitCode ?? null,
    stdout: text(result.stdout),
    stderr: text(result.stderr),
    output: text(result.all),
    cutOff: late || result.signal !== undefined,
    signal: result.signal,
    how: late ? `no end after ${duration(timeoutMs)}` : ended,
  };
}

export function problemOf({ how, stderr }: ExecResult): string {
  const said = stderr.trim().split('\n').at(-1);
  return said ? `${how}: ${said}` : how;
}

function text(said: unknown): string {
  return typeof said === 'string' ? stripVTControlCharacters(said) : '';
}
