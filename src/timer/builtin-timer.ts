import { offsetOf } from '../adopt/timer-unit-plan.js';
import { readTimer } from '../adopt/timer-unit-record.js';
import { toErrorRecord } from '../core/errors.js';
import { ownFile } from '../core/own-files.js';
import type { Root } from '../store/root.js';
import { readTimerState, tryReadTimerState, writeAuto } from '../store/timer-state.js';
import { everyHour } from './look.js';

const CLI = ownFile('dist/cli/main.cjs');

/** Reads again each hour if the timer is enabled. Returns a function that stops it. */
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
    try {
      const timer = readTimer(root.path);
      if (timer?.host.kind !== 'builtin') return null;
      const registry = timer.registry === null ? [] : ['--registry', timer.registry];
      return [process.execPath, CLI, 'timer', 'run', '--root', root.path, ...registry];
    } catch (error) {
      log(toErrorRecord(error).message);
      return null;
    }
  };
  return everyHour({ offsetMs: offsetOf(file.installId), due, log });
}
