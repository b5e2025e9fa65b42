import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { fromErrorRecord, type ReleasesError } from '../core/errors.js';
import { throwIfInterrupted } from '../core/interrupted.js';
import { inOwnSession } from './own-session.js';
import { killTree } from './process-tree.js';
import type { Message } from './serve.js';

/** One of our own processes, whose main function is `serve`. */
export interface Worker<Progress> {
  command: readonly string[];
  /** The whole environment; nothing is inherited. */
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress, stop: () => void) => void) | undefined;
  timeoutMs?: number;
  onStart?: ((pid: number) => void) | undefined;
  /** Error for an end without an answer; `how` is its cause in a few words, `said` the last lines of stderr. */
  died(how: string, said: string): ReleasesError;
}

const LINES = 3;

/** Limit in ms for the exit of a process that closed its answer channel; a crash may write a core file. */
const ENDING_MS = 10_000;

/**
 * Gives a worker an order and resolves with its answer. The order goes through stdin, because it may hold secrets. The
 * worker is killed with all that it started once it has answered, because it may never exit (nodejs/node#54918), and
 * when `signal` aborts; when this process dies it ends itself.
 * @throws ReleasesError `interrupted`, the worker's own, and that of `died`
 */
export async function askWorker<Answer, Progress = never>(
  order: object,
  worker: Worker<Progress>,
): Promise<Answer> {
  const { message, how, said } = await inOwnSession(() => askOnce<Answer, Progress>(order, worker));
  if (message) {
    if ('error' in message) throw fromErrorRecord(message.error);
    return message.done;
  }
  throw worker.died(how, said.trim().split('\n').slice(-LINES).join(' / '));
}

type Reply<Answer> = Exclude<Message<Answer, never>, { progress: never }>;

/** `signal` is null where it has answered: it was killed then. */
interface Ended<Answer> {
  message: Reply<Answer> | undefined;
  signal: string | null;
  how: string;
  said: string;
}

async function askOnce<Answer, Progress>(
  order: object,
  { command, env, signal, onProgress, timeoutMs, onStart }: Worker<Progress>,
): Promise<Ended<Answer>> {
  throwIfInterrupted(signal);
  const [file = '', ...args] = command;
  const child = execa(file, args, {
    cwd: '/',
    env,
    extendEnv: false,
    // A process group, so that `killTree` kills all of it.
    detached: true,
    reject: false,
    buffer: { stdout: false },
    stdin: 'pipe',
  });
  const stop = () => {
    if (child.pid !== undefined) killTree(child.pid);
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  let message: Reply<Answer> | undefined;
  try {
    if (child.pid !== undefined) onStart?.(child.pid);
    // A worker that reads no input has died, and its exit tells the cause.
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify(order)}\n`);
    for await (const line of createInterface({ input: child.stdout })) {
      const said = parse<Message<Answer, Progress>>(line);
      if (said && 'progress' in said) onProgress?.(said.progress, stop);
      else if (said) {
        message = said;
        break;
      }
    }
    if (message === undefined) await untilEnded(child);
  } finally {
    stop();
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
  const ended = await child;
  throwIfInterrupted(signal);
  const how = ended.signal ?? ended.code ?? `code ${ended.exitCode}`;
  return { message, signal: message ? null : (ended.signal ?? null), how, said: ended.stderr };
}

/** Null for a line that a worker's death cut, or that a library printed. */
function parse<T>(line: string): T | null {
  try {
    return JSON.parse(line) as T;
  } catch {
    return null;
  }
}

/** Waits for a child that closed its channel without an answer: its exit tells the cause, and a kill would hide it. */
export async function untilEnded(
  child: Pick<ChildProcess, 'pid' | 'exitCode' | 'signalCode'>,
  limitMs = ENDING_MS,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await once(child as ChildProcess, 'exit', { signal: AbortSignal.timeout(limitMs) }).catch(() => {});
}
