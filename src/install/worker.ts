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
import type { Answer, InstallProgress, InstallResult, Order } from './messages.js';

/** Built worker, used from `src` too, because Node 20 cannot run TypeScript. */
const WORKER = ownFile('dist/install/process/install-worker.cjs');

/** Commands that lower the priority; a host may lack or forbid them. */
const LOW_PRIORITY = [
  ['nice', '-n', String(BACKGROUND_NICE)],
  ['ionice', '-c3'],
];

export interface WorkerOptions {
  /** Ends the work with `interrupted` and kills all its processes. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: InstallProgress) => void) | undefined;
  /** Runs the worker on time that the gateway leaves, until `patienceMs`; without it only the priority is low. */
  background?: Background | null;
  /** Limit in ms for all install scripts together. */
  scriptsTimeoutMs?: number | undefined;
}

const SCRIPTS_TIMEOUT_MS = 10 * 60_000;
/** Limit in ms for a program that does nothing. */
const TRIED_WITHIN_MS = 5_000;

/** Variable with the worker's directory; its children inherit it, so that orphans can be found. */
const WORKPLACE = 'OPENCLAW_RELEASES_WORKPLACE';

/** Kills workers below a directory with their children: an orphan ends later and could recreate removed files. */
export async function endWorkersBelow(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const real = realpathSync(directory);
  await killStartedWith(WORKPLACE, (place) => place === real || place.startsWith(real + sep));
}

/**
 * Runs an order in a child process with its own memory and low priority. It dies with its children when `signal`
 * aborts, when install scripts take too long, and when this process dies.
 * @throws ReleasesError `interrupted`, `lifecycle_failed`, `install_failed`, and errors from the worker
 */
export async function runWorker(order: Order, options: WorkerOptions): Promise<InstallResult | null> {
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
    // Without a larger share the worker continues as before.
    if (child.pid !== undefined) background?.hurry(child.pid).catch(() => {});
  };
  const patience = background ? setTimeout(hurry, background.patienceMs) : undefined;
  let answer: Answer | undefined;
  try {
    const answers = child.getEachMessage();
    // The exit of a dead worker tells the cause below.
    await child.sendMessage({ ...order }).catch(() => {});
    for await (const message of answers) {
      answer = message as unknown as Answer;
      if (answer.type === 'progress') {
        if (answer.progress.phase === 'scripts') startTimer();
        onProgress?.(answer.progress);
      } else {
        // The worker may never exit (nodejs/node#54918).
        stop();
      }
    }
    if (answer?.type !== 'done' && answer?.type !== 'failed') await untilEnded(child);
  } finally {
    // Kills also processes that a script left, and the worker when `onProgress` threw.
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
    // Process group, so that `killTree` kills all of it.
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

/** Joins the prefixes that work on this host. */
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
    { hint: 'Stage it again on a less busy host, or stage another version.' },
  );
}

function died(how: string, stderr: string): ReleasesError {
  const said = stderr.trim().split('\n').slice(-3).join(' / ');
  return new ReleasesError('install_failed', `The installing process ended early (${how}): ${said}`, {
    hint: 'Look for an out-of-memory kill: journalctl -k -e',
  });
}
