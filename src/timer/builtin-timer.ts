import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Cron } from 'croner';
import { offsetOf } from '../adopt/timer-unit-plan.js';
import { readTimer } from '../adopt/timer-unit-record.js';
import { toErrorRecord } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import { killTree } from '../host/process-tree.js';
import type { Root } from '../store/root.js';
import { readTimerState, tryReadTimerState, writeAuto } from '../store/timer-state.js';

const CLI = ownFile('dist/cli/main.cjs');

/** A hung run would block all later ones, and Node can hang on exit (nodejs/node#54918); same in `auto.service.in`. */
const LIMIT_MS = 24 * 60 * 60_000;

export function lookEveryHour(root: Root, log: (line: string) => void): () => void {
  const file = readTimerState(root);
  try {
    // Fixes the minute of the hour; without a stored id it would change at each start.
    if (tryReadTimerState(root).state === 'missing') writeAuto(root, file);
  } catch (error) {
    // A full disk must not stop the supervision of a gateway.
    log(`The timer's moment of the hour could not be kept: ${toErrorRecord(error).message}`);
  }
  const due = (): string[] | null => {
    const timer = readTimer(root.path);
    if (timer?.host.kind !== 'builtin') return null;
    const registry = timer.registry === null ? [] : ['--registry', timer.registry];
    return [process.execPath, CLI, 'timer', 'run', '--root', root.path, ...registry];
  };
  return everyHour(offsetOf(file.installId), due, log);
}

/**
 * Starts a program each hour in its own session, which outlives this process: it may be updating. Never two at once.
 * @param offsetMs after the full hour; differs per host
 */
export function everyHour(
  offsetMs: number,
  due: () => string[] | null,
  log: (line: string) => void,
): () => void {
  const seconds = Math.floor(offsetMs / 1000) % 3600;
  const hourly = `${seconds % 60} ${Math.floor(seconds / 60)} * * * *`;
  const job = new Cron(hourly, { protect: true, unref: true }, async () => {
    try {
      const [program, ...args] = due() ?? [];
      if (program !== undefined && !(await ended(program, args)))
        log('What the timer ran did not end, and was killed.');
    } catch (error) {
      log(`The timer could not be run: ${toErrorRecord(error).message}`);
    }
  });
  return () => job.stop();
}

/** Inherits this process's stderr, so that output continues after this process ends. False when killed. */
async function ended(program: string, args: string[]): Promise<boolean> {
  const child = spawn(program, args, {
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
    detached: true,
    cwd: '/',
  });
  child.unref();
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    if (child.pid !== undefined) killTree(child.pid);
  }, LIMIT_MS).unref();
  await once(child, 'exit').finally(() => clearTimeout(limit));
  return !isLate;
}
