import { once } from 'node:events';
import { lstatSync, rmdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { ReleasesError, systemCode } from '../../core/errors.js';
import { ifPossible } from '../../core/if-possible.js';
import { isAlive } from '../../host/process.js';
import { waitUntil } from '../../host/wait.js';
import { openAddress, SOCKET_NAME } from '../address.js';
import { findOrphan } from './orphan.js';
import { endLeftovers, signalGroup } from './process-group.js';
import { type GatewayRecord, readRunRecord, writeRunRecord } from './record.js';

const LOCK_STALE_MS = 10_000;
const LOCK_LIMIT_MS = 15_000;
const LOCK_RETRY_MS = 100;
const GONE_MS = 10_000;

type Unlock = () => Promise<void>;

/** The library judges a lock by age; if a suspended process loses it, identity and bind still let only one win. */
async function lockStart(root: string): Promise<Unlock> {
  let cause: unknown;
  const tryOnce = async (): Promise<Unlock | null> => {
    try {
      return await lock(join(root, 'run'), {
        lockfilePath: join(root, 'run.lock'),
        realpath: false,
        stale: LOCK_STALE_MS,
        // The default throws from a timer, which would end the supervisor.
        onCompromised: () => {},
      });
    } catch (error) {
      const code = systemCode(error);
      // A full disk, or a quota, has no block for the lock directory; that must not keep the gateway down.
      if (code === 'ENOSPC' || code === 'EDQUOT') return async () => {};
      // The library's own retries would also repeat permanent errors.
      if (code !== 'ELOCKED') throw unwritable(root, error);
      dropFutureLock(root);
      cause = error;
      return null;
    }
  };
  const unlock = await waitUntil({ withinMs: LOCK_LIMIT_MS, everyMs: LOCK_RETRY_MS }, tryOnce);
  if (unlock) return unlock;
  throw stillLocked(root, cause);
}

/** A lock from a time when the clock was ahead would grow old only when that time is reached. */
function dropFutureLock(root: string): void {
  const path = join(root, 'run.lock');
  const since = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (since > Date.now() + LOCK_STALE_MS) ifPossible(() => rmdirSync(path));
}

function unwritable(root: string, cause: unknown): ReleasesError {
  return new ReleasesError('root_unwritable', `The supervisor may not write in ${root}.`, { cause });
}

function stillLocked(root: string, cause: unknown): ReleasesError {
  return new ReleasesError('locked', `Another supervisor has been starting in ${root} for too long.`, {
    cause,
  });
}

/** Returns true when a process listens on the socket; the kernel answers, even for a process that hangs. */
async function isListening(root: string): Promise<boolean> {
  const address = openAddress(root);
  const socket = connect(address.path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const code = systemCode(error);
    return code !== 'ENOENT' && code !== 'ECONNREFUSED';
  } finally {
    socket.destroy();
    address.close();
  }
}

/**
 * Makes this process the only supervisor of a root and clears the rest of a dead one. Another one lives if its recorded
 * identity does (even while it hangs) or its socket listens (also in another container, where pids differ). Writes the
 * record before it releases the lock, so that a concurrent start sees it.
 * @returns last gateway of the previous supervisor, which may still be ending
 * @throws ReleasesError `supervisor_already_running`, `locked`, `root_unwritable`
 */
export async function claim(root: string, log: (line: string) => void): Promise<GatewayRecord | null> {
  const unlock = await lockStart(root);
  try {
    const record = readRunRecord(root);
    if (record && isAlive(record.supervisor)) throw alreadyRunning(root, `process ${record.supervisor.pid}`);
    if (await isListening(root)) throw alreadyRunning(root, 'a process that cannot be seen from here');
    rmSync(join(root, SOCKET_NAME), { force: true });
    writeRunRecord(root, record?.gateway ?? null, log);
    return record?.gateway ?? null;
  } finally {
    await unlock().catch(() => {});
  }
}

function alreadyRunning(root: string, who: string): ReleasesError {
  return new ReleasesError('supervisor_already_running', `The gateway in ${root} is supervised by ${who}.`, {
    hint: findOrphan(root) ? 'openclaw-releases run --replace' : 'openclaw-releases status',
  });
}

/**
 * Waits for the gateway of a killed supervisor, and ends what it left: a second gateway would find the port taken, or the
 * state open. The watcher sent SIGTERM.
 * @param limitMs the stop limit, in milliseconds
 * @param abandoned returns true when no gateway is wanted any more
 */
export async function endPredecessor(gateway: GatewayRecord, limitMs: number, abandoned: () => boolean) {
  const over = () => abandoned() || !isAlive(gateway);
  if (!(await waitUntil({ withinMs: limitMs }, over))) {
    signalGroup(gateway.pid, 'SIGKILL');
    await waitUntil({ withinMs: GONE_MS }, over);
  }
  if (gateway.mark && !abandoned()) await endLeftovers(gateway, gateway.mark, null);
}
