import { appendFileSync, closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { systemCode } from '../core/errors.js';

/** What can happen at a fault point, by the word that a test names it with. */
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

/** No test waits longer for anything; milliseconds. */
const LONGEST_HANG_MS = 600_000;
const HANG_POLL_MS = 10;

/** How often this process has come to each point. */
const passed = new Map<string, number>();

/** Whether what happens once has happened in this process: the stamp of a hang is gone when it ends. */
let happened = false;

/**
 * A moment at which a test can make this process fail, die or wait; nothing at all unless a test says so by
 * `OPENCLAW_RELEASES_FAULT=<effect> <point>`, with ` #2` behind it for the second time it is passed. With `…_FAULT_STAMP=<file>` it happens once: that file is made first,
 * and where it exists nothing happens; a `hang` ends when it is removed. `…_FAULT_TRACE=<file>` gets a line for
 * every point that is passed.
 * @param point `before` or `after`, and what: a step, or the write of a file
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

/** Whether this is the first time; on disk before anything happens, so that it stays the only time. */
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

/** Blocks the whole process, as a suspended one is; the file system is all that it looks at. */
function hang(stamp: string | undefined): void {
  const still = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < LONGEST_HANG_MS; waited += HANG_POLL_MS) {
    if (stamp !== undefined && !existsSync(stamp)) return;
    Atomics.wait(still, 0, 0, HANG_POLL_MS);
  }
}
