import { spawn } from 'node:child_process';
import { Cron } from 'croner';
import { killTree } from '../host/process-tree.js';

export interface HourlyOptions {
  /** Milliseconds after the full hour: each host has its own. */
  offsetMs: number;
  /** What to start now, as program and arguments; null when nothing is to be started. Asked each time. */
  due: () => string[] | null;
  /** Gets one sentence when something cannot be started. */
  log: (line: string) => void;
}

/**
 * It waits for a gateway within its hour, and installs within a few. One that never ends would be the last that ever looks, and
 * a Node can hang as it ends (nodejs/node#54918); `auto.service.in` has the same limit.
 */
const LIMIT_MS = 24 * 60 * 60_000;

/**
 * Starts a program once in every hour, as the built-in supervisor does where no timer of the host can. It runs in a session
 * of its own, and goes on when this process ends: what it does may be an update. While one runs no other is started.
 * @returns ends it
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

/**
 * Its lines go where this process's own go, and go on doing so when this process has ended.
 * @returns whether it ended by itself
 */
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
