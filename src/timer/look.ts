import { spawn } from 'node:child_process';
import { Cron } from 'croner';
import { killTree } from '../host/process-tree.js';

export interface HourlyOptions {
  /** Milliseconds after the full hour; differs per host. */
  offsetMs: number;
  due: () => string[] | null;
  log: (line: string) => void;
}

/** A hung run would block all later ones, and Node can hang on exit (nodejs/node#54918); same in `auto.service.in`. */
const LIMIT_MS = 24 * 60 * 60_000;

/**
 * Starts a program each hour in its own session, which outlives this process: it may be updating. Never two at once.
 */
export function everyHour({ offsetMs, ...options }: HourlyOptions): () => void {
  const seconds = Math.floor(offsetMs / 1000) % 3600;
  const hourly = `${seconds % 60} ${Math.floor(seconds / 60)} * * * *`;
  const job = new Cron(hourly, { protect: true, unref: true }, () => start(options));
  return () => job.stop();
}

async function start({ due, log }: Omit<HourlyOptions, 'offsetMs'>): Promise<void> {
  try {
    const [program, ...args] = due() ?? [];
    if (program === undefined) return;
    if (!(await ended(program, args))) log('What the timer ran did not end, and was killed.');
  } catch (error) {
    log(`The timer could not be run: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Inherits this process's stderr, so that output continues after this process ends. False when killed. */
function ended(program: string, args: string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', process.stderr.fd, process.stderr.fd],
      detached: true,
      cwd: '/',
    });
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) killTree(child.pid);
    }, LIMIT_MS).unref();
    child.once('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.once('exit', () => {
      clearTimeout(limit);
      resolve(!late);
    });
    child.unref();
  });
}
