import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { throwIfInterrupted } from '../core/interrupted.js';
import { ownFile } from '../core/own-files.js';
import type { Background } from '../host/background.js';
import { exec } from '../host/exec.js';
import { FRUGAL_ENVIRONMENT, LOW_MEMORY_FLAGS } from '../host/memory-flags.js';
import { killStartedWith } from '../host/process-tree.js';
import { BACKGROUND_NICE } from '../host/session-priority.js';
import { askWorker } from '../host/worker.js';
import { cleanEnvironment } from '../registry/environment.js';
import type { InstallProgress, InstallResult, Order } from './messages.js';

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
  background?: Background | null | undefined;
  /** Limit in ms for all install scripts together. */
  scriptsTimeoutMs?: number | undefined;
}

const SCRIPTS_TIMEOUT_MS = 10 * 60_000;
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
  throwIfInterrupted(signal);
  const prefix = await usable([background?.command ?? [], ...LOW_PRIORITY]);
  mkdirSync(order.directory, { recursive: true });
  let limit: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  let late = false;
  try {
    return await askWorker<InstallResult | null, InstallProgress>(order, {
      command: [...prefix, process.execPath, ...LOW_MEMORY_FLAGS, WORKER],
      env: cleanEnvironment({ ...FRUGAL_ENVIRONMENT, [WORKPLACE]: realpathSync(order.directory) }),
      signal,
      onStart(pid) {
        // Without a larger share the worker continues as before.
        const hurry = () => void background?.hurry(pid).catch(() => {});
        if (background) patience = setTimeout(hurry, background.patienceMs);
      },
      onProgress(progress, stop) {
        const end = () => {
          late = true;
          stop();
        };
        if (progress.phase === 'scripts') limit ??= setTimeout(end, scriptsTimeoutMs);
        onProgress?.(progress);
      },
      died: (how, said) => (late ? tooLong(scriptsTimeoutMs) : died(how, said)),
    });
  } finally {
    clearTimeout(limit);
    clearTimeout(patience);
  }
}

async function usable(prefixes: string[][]): Promise<string[]> {
  const tried = await Promise.all(
    prefixes.map(async ([file, ...args]) => {
      if (file === undefined) return [];
      const { ok } = await exec(file, [...args, 'true'], { env: process.env, timeoutMs: TRIED_WITHIN_MS });
      return ok ? [file, ...args] : [];
    }),
  );
  return tried.flat();
}

function tooLong(limitMs: number): ReleasesError {
  return new ReleasesError(
    'lifecycle_failed',
    `The install scripts did not end within ${duration(limitMs)} and were killed.`,
    { hint: 'Stage it again on a less busy host, or stage another version.' },
  );
}

function died(how: string, said: string): ReleasesError {
  return new ReleasesError('install_failed', `The installing process ended early (${how}): ${said}`, {
    hint: 'Look for an out-of-memory kill: journalctl -k -e',
  });
}
