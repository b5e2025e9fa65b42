import { spawn } from 'node:child_process';
import { Cron } from 'croner';

export interface HourlyOptions {
  /** Milliseconds after the full hour: each host has its own. */
  offsetMs: number;
  /** What to start now, as program and arguments; null when nothing is to be started. Asked each time. */
  due: () => string[] | null;
  /** Gets one sentence when something cannot be started. */
  log: (line: string) => void;
  /** In place of once in an hour, as cron writes it, with seconds. */
  pattern?: string;
}

/**
 * Starts a program once in every hour, as the built-in supervisor does where no timer of the host can. It runs in a session
 * of its own, and goes on when this process ends: what it does may be an update. While one runs no other is started.
 * @returns ends it
 */
export function everyHour({ offsetMs, due, log, pattern }: HourlyOptions): () => void {
  const seconds = Math.floor(offsetMs / 1000) % 3600;
  const hourly = `${seconds % 60} ${Math.floor(seconds / 60)} * * * *`;
  const job = new Cron(pattern ?? hourly, { protect: true, unref: true }, () => start(due, log));
  return () => job.stop();
}

async function start(due: HourlyOptions['due'], log: HourlyOptions['log']): Promise<void> {
  try {
    const [program, ...args] = due() ?? [];
    if (program === undefined) return;
    await ended(program, args);
  } catch (error) {
    log(`The timer could not be run: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Its lines go where this process's own go, and go on doing so when this process has ended. */
function ended(program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', process.stderr.fd, process.stderr.fd],
      detached: true,
      cwd: '/',
    });
    child.once('error', reject);
    child.once('exit', () => resolve());
    child.unref();
  });
}
