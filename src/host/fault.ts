import { appendFileSync, closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { systemCode } from '../core/errors.js';

const EFFECTS: Record<string, (point: string, stamp: string | undefined) => void> = {
  throw: (point) => {
    throw new Error(`A fault was injected ${point}.`);
  },
  ENOSPC: (point) => failAs('ENOSPC', 'no space left on device', point),
  EIO: (point) => failAs('EIO', 'i/o error', point),
  exit: () => process.exit(1),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  hang: (_, stamp) => hang(stamp),
};

/** Limit of a hang in ms; no test waits longer. */
const LONGEST_HANG_MS = 600_000;
const HANG_POLL_MS = 10;

const passed = new Map<string, number>();

/** True after the fault happened here; needed because removing the stamp ends a hang. */
let happened = false;

/**
 * Lets a test make this process fail, die or wait; does nothing unless `OPENCLAW_RELEASES_FAULT=<effect> <point>` is
 * set. ` #2` after the point means its second pass. `…_FAULT_STAMP=<file>` limits the fault to once: the file is
 * created first, an existing file prevents the fault, and removing the file ends a `hang`. `…_FAULT_TRACE=<file>`
 * receives a line for every point.
 * @param point `before` or `after`, then the step or the write
 */
export function faultPoint(point: string): void {
  const { OPENCLAW_RELEASES_FAULT_TRACE: trace, OPENCLAW_RELEASES_FAULT: fault = '' } = process.env;
  if (trace) appendFileSync(trace, `${point}\n`);
  if (fault === '') return;
  const times = (passed.get(point) ?? 0) + 1;
  passed.set(point, times);
  const [, effect = '', named = '', nth] = /^(\S+) (.*?)(?: #(\d+))?$/.exec(fault) ?? [];
  if (named !== point || (nth !== undefined && Number(nth) !== times)) return;
  const stamp = process.env.OPENCLAW_RELEASES_FAULT_STAMP;
  if (stamp !== undefined && (happened || !leaveStamp(stamp))) return;
  happened = true;
  EFFECTS[effect]?.(point, stamp);
}

/** Creates the stamp durably before the fault; returns false when it exists already. */
function leaveStamp(path: string): boolean {
  try {
    const fd = openSync(path, 'wx');
    fsyncSync(fd);
    closeSync(fd);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function failAs(code: 'ENOSPC' | 'EIO', what: string, point: string): never {
  throw Object.assign(new Error(`${code}: ${what}, injected ${point}`), { code });
}

/** Blocks the whole process, like a suspended one. */
function hang(stamp: string | undefined): void {
  const still = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < LONGEST_HANG_MS; waited += HANG_POLL_MS) {
    if (stamp !== undefined && !existsSync(stamp)) return;
    Atomics.wait(still, 0, 0, HANG_POLL_MS);
  }
}
