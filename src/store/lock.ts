import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { ReleasesError, systemCode } from '../core/errors.js';
import { writeFileDurably } from '../host/durable.js';
import { faultPoint } from '../host/fault.js';
import type { ProcessIdentity } from '../host/process.js';
import { breakDead, sweepGuards } from './break-lock.js';
import { linkInPlaceOfDirectory, livingOwner, ownerText, ownText, parseOwner } from './owner-symlink.js';
import type { Root } from './root.js';

/** Who holds the lock: from the link itself, what it does and since when from `lock-owner.json`. */
export interface LockOwner extends ProcessIdentity {
  /** Null when it could not write that down, or has not yet. */
  doing: string | null;
  /** ISO 8601. */
  since: string;
}

type Unlock = () => Promise<void>;

/** Times never decide, so nothing has to look at them: the longest that a timer can wait. */
const NEVER_MS = 2 ** 31 - 1;

/** Breaking a dead lock takes a moment; whoever is at it for longer (two seconds) is suspended, and named. */
const MOST_TRIES = 200;
const TRY_AGAIN_MS = 10;

/**
 * Takes the one lock of this root; call what it returns to let go. It is held until then, or until this process is
 * dead, whatever else happens to it.
 * @throws ReleasesError `locked`, which says who holds it, since when, doing what
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

/** The record is for people, and so is order: that one cannot be had, on a full disk for one, is no reason to stop. */
function ifPossible(work: () => void): void {
  try {
    work();
  } catch {}
}

async function takeLock(root: Root): Promise<Unlock> {
  const since = new Date().toISOString();
  // Counted rather than timed: it may be this process that is suspended, and the lock its own to take when it goes on.
  for (let tries = 1; ; tries++) {
    const unlock = await tryLock(root);
    if (unlock) return unlock;
    const owner = readLockOwner(root);
    if (owner) throw locked(owner);
    const breaker = breakDead(root);
    if (tries === MOST_TRIES) {
      const doing = 'removing the lock of a process that has ended';
      throw locked(breaker && { ...breaker, doing, since });
    }
    await setTimeout(TRY_AGAIN_MS);
  }
}

async function tryLock(root: Root): Promise<Unlock | null> {
  try {
    return await lockfile.lock(root.path, {
      lockfilePath: root.lock,
      fs: linkInPlaceOfDirectory(ownText()),
      stale: Number.POSITIVE_INFINITY,
      update: NEVER_MS,
      realpath: false,
      // The default throws out of a timer.
      onCompromised: () => {},
    });
  } catch (error) {
    if (systemCode(error) === 'ELOCKED') return null;
    throw error;
  }
}

/** The holder, or null when nobody holds the lock: a dead one does not. */
export function readLockOwner(root: Root): LockOwner | null {
  const text = ownerText(root.lock);
  const owner = text === null ? null : livingOwner(text);
  // The time of change: the library sets the other one, and so may anybody.
  const made = owner && lstatSync(root.lock, { throwIfNoEntry: false })?.ctime.toISOString();
  return made ? { ...owner, ...(readNote(root, owner) ?? { doing: null, since: made }) } : null;
}

/** What the owner wrote down; a record of somebody else, or one that cannot be understood, is none. */
function readNote(root: Root, owner: ProcessIdentity): { doing: string; since: string } | null {
  try {
    const { pid, startTicks, bootId, doing, since } = JSON.parse(readFileSync(root.lockOwner, 'utf8'));
    const same = pid === owner.pid && startTicks === owner.startTicks && bootId === owner.bootId;
    return same && typeof doing === 'string' && typeof since === 'string' ? { doing, since } : null;
  } catch {
    return null;
  }
}

function locked(owner: LockOwner | null): ReleasesError {
  const what = owner?.doing ? `: ${owner.doing}` : '';
  const who = owner
    ? `by process ${owner.pid} since ${owner.since}${what}`
    : 'by one process after the other';
  return new ReleasesError('locked', `Another change is under way, held ${who}.`, {
    hint: 'openclaw-releases status',
    untouched: 'Nothing was changed.',
  });
}
