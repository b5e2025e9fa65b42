import { readFileSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { ReleasesError, systemCode } from '../errors.js';
import { writeFileDurably } from '../host/durable.js';
import { identify, isAlive, type ProcessIdentity } from '../host/process.js';
import type { Root } from './root.js';

/** `lock-owner.json`: who holds the lock, since when, doing what. */
export interface LockOwner extends ProcessIdentity {
  doing: string;
  since: string;
}

/** The modification time never decides: a suspended owner is not a dead one. */
const NEVER_STALE_MS = Number.POSITIVE_INFINITY;

/** An owner that takes longer than this from the lock to its record has died in between. */
const RECORD_GRACE_MS = 5_000;

/**
 * Takes the one lock of this root; call what it returns to let go.
 * @throws ReleasesError `locked`, which says who holds it, since when, doing what
 */
export async function acquireLock(root: Root, doing: string): Promise<() => Promise<void>> {
  let release = await tryLock(root);
  if (!release && (await breakDeadLock(root))) release = await tryLock(root);
  if (!release) throw locked(readLockOwner(root));
  const unlock = release;
  const self = identify(process.pid) ?? { pid: process.pid, startTicks: 0, bootId: '' };
  const owner: LockOwner = { ...self, doing, since: new Date().toISOString() };
  try {
    writeFileDurably(root.lockOwner, `${JSON.stringify(owner)}\n`);
  } catch (error) {
    // Going back must work on a full disk; the lock then has an owner that nobody can name.
    if (systemCode(error) !== 'ENOSPC') {
      await unlock();
      throw error;
    }
  }
  return async () => {
    rmSync(root.lockOwner, { force: true });
    await unlock();
  };
}

async function tryLock(root: Root): Promise<(() => Promise<void>) | null> {
  try {
    return await lockfile.lock(root.path, {
      lockfilePath: root.lock,
      stale: NEVER_STALE_MS,
      update: 60_000,
      realpath: false,
      // The ledger and `lock-owner.json` decide; a touched timestamp that failed is no reason to die half-way.
      onCompromised: () => {},
    });
  } catch (error) {
    if (systemCode(error) === 'ELOCKED') return null;
    throw error;
  }
}

/** The holder, or null when nobody holds the lock or nobody can be named. */
export function readLockOwner(root: Root): LockOwner | null {
  try {
    return JSON.parse(readFileSync(root.lockOwner, 'utf8')) as LockOwner;
  } catch {
    return null;
  }
}

/** Removes a lock whose owner is dead. The rename decides between two that try it at once. */
async function breakDeadLock(root: Root): Promise<boolean> {
  const owner = await recordedOwner(root);
  if (owner && isAlive(owner)) return false;
  if (owner && !claim(root, owner)) return false;
  try {
    rmdirSync(root.lock);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return true;
}

/** Waits for the record of an owner that has only just taken the lock; null when it never wrote one. */
async function recordedOwner(root: Root): Promise<LockOwner | null> {
  for (;;) {
    const owner = readLockOwner(root);
    if (owner) return owner;
    const taken = statSync(root.lock, { throwIfNoEntry: false })?.mtimeMs;
    if (taken === undefined || Date.now() - taken > RECORD_GRACE_MS) return null;
    await setTimeout(50);
  }
}

function claim(root: Root, dead: LockOwner): boolean {
  const claimed = `${root.lockOwner}.${process.pid}`;
  try {
    renameSync(root.lockOwner, claimed);
    const found = JSON.parse(readFileSync(claimed, 'utf8')) as LockOwner;
    if (found.pid === dead.pid && found.startTicks === dead.startTicks) return true;
    renameSync(claimed, root.lockOwner);
    return false;
  } catch {
    return false;
  } finally {
    rmSync(claimed, { force: true });
  }
}

function locked(owner: LockOwner | null): ReleasesError {
  const who = owner
    ? `by process ${owner.pid} since ${owner.since}: ${owner.doing}`
    : 'by a process that left no name';
  return new ReleasesError('locked', `Another change is under way, held ${who}.`, {
    hint: 'openclaw-releases status',
    untouched: 'Nothing was changed.',
  });
}
