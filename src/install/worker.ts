import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { execa } from 'execa';
import { fromErrorRecord, ReleasesError } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import type { Background } from '../host/background.js';
import { untilEnded } from '../host/ending.js';
import { FRUGAL_ENVIRONMENT, LOW_MEMORY_FLAGS } from '../host/memory-flags.js';
import { killStartedWith, killTree } from '../host/process-tree.js';
import { BACKGROUND_NICE } from '../host/session-priority.js';
import { cleanEnvironment } from '../registry/environment.js';
import { interrupted } from '../registry/request.js';
import type { Answer, InstallProgress, InstallReport, Order } from './messages.js';

/** The same place seen from `src/source` and from `dist/source`: Node 20 cannot run the TypeScript of the first. */
const WORKER = ownFile('dist/install/process/install-worker.cjs');

/** Commands that start another one with less priority; a host may lack them, or forbid their use. */
const LOW_PRIORITY = [
  ['nice', '-n', String(BACKGROUND_NICE)],
  ['ionice', '-c3'],
];

export interface WorkerOptions {
  /** Ends the work with `interrupted`, and every process of it. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: InstallProgress) => void) | undefined;
  /** To run it on what a gateway leaves, for a while; it only has less priority without. */
  background?: Background | null;
  /** For all install scripts together; milliseconds. */
  scriptsTimeoutMs?: number | undefined;
}

const SCRIPTS_TIMEOUT_MS = 10 * 60_000;
/** For a program that does nothing. */
const TRIED_WITHIN_MS = 5_000;

/** Where a worker writes: it and what it starts carry this in their environment, to be found when they are orphans. */
const WORKPLACE = 'OPENCLAW_RELEASES_WORKPLACE';

/**
 * Ends the workers that write below a directory, with everything they started. A worker whose parent was killed ends
 * by itself, but only when it gets to hear of it: until then it may make anew what is being removed.
 */
export async function endWorkersBelow(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const real = realpathSync(directory);
  await killStartedWith(WORKPLACE, (place) => place === real || place.startsWith(real + sep));
}

/**
 * Has an order carried out by a child process of low priority, which dies with everything it started when `signal`
 * aborts, when install scripts take too long, and when this process dies.
 * @throws ReleasesError `interrupted`, `lifecycle_failed`, `install_failed`, and whatever the worker answers
 */
export async function runWorker(order: Order, options: WorkerOptions): Promise<InstallReport | null> {
  const { signal, onProgress, background, scriptsTimeoutMs = SCRIPTS_TIMEOUT_MS } = options;
  if (signal?.aborted) throw interrupted(signal.reason);
  const child = start(await usable([background?.command ?? [], ...LOW_PRIORITY]), order.directory);
  const stop = () => {
    if (child.pid !== undefined) killTree(child.pid);
  };
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  let timer: NodeJS.Timeout | undefined;
  let late = false;
  const startTimer = () => {
    timer ??= setTimeout(() => {
      late = true;
      stop();
    }, scriptsTimeoutMs);
  };
  const hurry = () => {
    // Where it cannot be hurried it goes on as it is.
    if (child.pid !== undefined) background?.hurry(child.pid).catch(() => {});
  };
  const patience = background ? setTimeout(hurry, background.patienceMs) : undefined;
  let answer: Answer | undefined;
  try {
    const answers = child.getEachMessage();
    // One that is gone already is told from how it ended.
    await child.sendMessage({ ...order }).catch(() => {});
    for await (const message of answers) {
      answer = message as unknown as Answer;
      if (answer.type === 'progress') {
        if (answer.progress.phase === 'scripts') startTimer();
        onProgress?.(answer.progress);
      } else {
        // It may never end by itself: nodejs/node#54918.
        stop();
      }
    }
    if (answer?.type !== 'done' && answer?.type !== 'failed') await untilEnded(child);
  } finally {
    // Also what a script left running, and all of it when `onProgress` threw.
    stop();
    clearTimeout(timer);
    clearTimeout(patience);
    signal?.removeEventListener('abort', stop);
  }
  const ended = await child;
  if (answer?.type === 'done') return answer.report;
  if (answer?.type === 'failed') throw fromErrorRecord(answer.error);
  if (signal?.aborted) throw interrupted(signal.reason);
  if (late) throw tooLong(scriptsTimeoutMs);
  throw died(ended.signal ?? `code ${ended.exitCode}`, ended.stderr);
}

function start(prefix: string[], directory: string) {
  mkdirSync(directory, { recursive: true });
  const [file = process.execPath, ...args] = [...prefix, process.execPath, ...LOW_MEMORY_FLAGS, WORKER];
  return execa(file, args, {
    ipc: true,
    // A group of its own, to be killed whole.
    detached: true,
    reject: false,
    env: cleanEnvironment({ ...FRUGAL_ENVIRONMENT, [WORKPLACE]: realpathSync(directory) }),
    extendEnv: false,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: { ipc: false },
  });
}

/** Those of these beginnings of a command line that work here, one after the other. */
async function usable(prefixes: string[][]): Promise<string[]> {
  const tried = await Promise.all(
    prefixes.map(async ([file, ...args]) => {
      if (file === undefined) return [];
      const options = { reject: false, timeout: TRIED_WITHIN_MS, stdio: 'ignore' } as const;
      const { failed } = await execa(file, [...args, 'true'], options);
      return failed ? [] : [file, ...args];
    }),
  );
  return tried.flat();
}

function tooLong(limitMs: number): ReleasesError {
  return new ReleasesError(
    'lifecycle_failed',
    `The install scripts did not end within ${Math.round(limitMs / 1000)} s and were killed.`,
    { hint: 'Stage it again on a less busy host, or stage another version.', untouched: UNTOUCHED },
  );
}

function died(how: string, stderr: string): ReleasesError {
  const said = stderr.trim().split('\n').slice(-3).join(' / ');
  return new ReleasesError('install_failed', `The installing process ended early (${how}): ${said}`, {
    hint: 'Look for an out-of-memory kill: journalctl -k -e',
    untouched: UNTOUCHED,
  });
}

const UNTOUCHED = 'Nothing that runs was changed.';
