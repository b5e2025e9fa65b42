import { lstatSync, rmSync } from 'node:fs';
import lockfile from 'proper-lockfile';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ReleasesError, systemCode } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import { moment } from '../core/moment.js';
import { writeFileDurably } from '../host/durable.js';
import { faultPoint } from '../host/fault.js';
import { isSameProcess, type ProcessIdentity } from '../host/process.js';
import { waitUntil } from '../host/wait.js';
import { breakDead, sweepGuards } from './break-lock.js';
import { linkInPlaceOfDirectory, livingOwner, ownerText, ownText, parseOwner } from './owner-symlink.js';
import type { Root } from './root.js';

/** Holder of the lock: identity from the link, `doing` and `since` from `lock-owner.json`. */
export interface LockOwner extends ProcessIdentity {
  /** Null when the holder has not written its record, or could not. */
  doing: string | null;
  since: string;
}

type Unlock = () => Promise<void>;

/** Longest delay of a timer: time never decides about this lock, so the library need not refresh it. */
const NEVER_MS = 2 ** 31 - 1;

/** Two seconds in total: a process that needs longer to break a dead lock is suspended, and the error names it. */
const MOST_TRIES = 200;
const TRY_AGAIN_MS = 10;

/**
 * Takes the one lock of this root. It is held until the returned function is called or this process is dead.
 * @throws ReleasesError `locked`, which names the holder, since when it holds the lock and for what
 */
export async function acquireLock(root: Root, doing: string): Promise<Unlock> {
  faultPoint('before lock');
  const unlock = await takeLock(root);
  try {
    faultPoint('after lock');
  } catch (error) {
    await unlock();
    throw error;
  }
  // A full disk must not stop a change.
  ifPossible(() => sweepGuards(root));
  ifPossible(() => {
    const owner = { ...parseOwner(ownText()), doing, since: new Date().toISOString() };
    writeFileDurably(root.lockOwner, `${JSON.stringify(owner)}\n`);
  });
  return async () => {
    faultPoint('before unlock');
    ifPossible(() => rmSync(root.lockOwner, { force: true }));
    await unlock();
    faultPoint('after unlock');
  };
}

async function takeLock(root: Root): Promise<Unlock> {
  const since = new Date().toISOString();
  // Counts tries, not time: this process may be the suspended one, and the lock free when it continues.
  let breaker = null as ProcessIdentity | null;
  const unlock = await waitUntil({ tries: MOST_TRIES, everyMs: TRY_AGAIN_MS }, async () => {
    const taken = await tryLock(root);
    if (taken) return taken;
    const owner = readLockOwner(root);
    if (owner) throw locked(owner);
    breaker = breakDead(root);
    return null;
  });
  if (unlock) return unlock;
  const doing = 'removing the lock of a process that has ended';
  throw locked(breaker && { ...breaker, doing, since });
}

async function tryLock(root: Root): Promise<Unlock | null> {
  try {
    return await lockfile.lock(root.path, {
      lockfilePath: root.lock,
      fs: linkInPlaceOfDirectory(ownText()),
      stale: Number.POSITIVE_INFINITY,
      update: NEVER_MS,
      realpath: false,
      // The default throws from a timer.
      onCompromised: () => {},
    });
  } catch (error) {
    if (systemCode(error) === 'ELOCKED') return null;
    throw error;
  }
}

/** Returns the holder, or null when no living process holds the lock. */
export function readLockOwner(root: Root): LockOwner | null {
  const text = ownerText(root.lock);
  const owner = text === null ? null : livingOwner(text);
  // ctime, because the library sets mtime, and any process may.
  const made = owner && lstatSync(root.lock, { throwIfNoEntry: false })?.ctime.toISOString();
  return made ? { ...owner, ...(readNote(root, owner) ?? { doing: null, since: made }) } : null;
}

function readNote(root: Root, owner: ProcessIdentity): { doing: string; since: string } | null {
  try {
    const text = readPlainFile(root.lockOwner, LARGEST).toString();
    const { doing, since, ...identity } = JSON.parse(text);
    return isSameProcess(identity, owner) && typeof doing === 'string' && typeof since === 'string'
      ? { doing, since }
      : null;
  } catch {
    return null;
  }
}

function locked(owner: LockOwner | null): ReleasesError {
  const what = owner?.doing ? `: ${owner.doing}` : '';
  const who = owner
    ? `by process ${owner.pid} since ${moment(owner.since)}${what}`
    : 'by one process after the other';
  return new ReleasesError('locked', `Another change is active, held ${who}.`, {
    hint: 'openclaw-releases status',
  });
}
