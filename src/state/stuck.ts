import { accessSync, constants, lstatSync, rmdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../core/errors.js';
import { textOf } from '../host/account.js';
import { nearestExisting } from '../host/space.js';
import { isWithin, type RootPlace, type StatePlace } from './place.js';
import type { Found } from './walk.js';

const OVERLAY = 0x794c7630;

/**
 * Prepares a test of each entry of a state: true where a restore copies it, since it cannot have a second name below
 * the root. Two mounts of one filesystem are as two filesystems.
 */
export function copyTest(root: RootPlace, place: StatePlace): (found: Found) => boolean {
  const kept = nearestExisting(root.path);
  if (statfsSync(kept).type === OVERLAY) return () => true;
  const { dev } = statSync(kept);
  const mounts = [...mountPoints()];
  const mountOf = (path: string) =>
    mounts.filter((at) => path === at || isWithin(path, at)).reduce(longer, '');
  const isApart = mountOf(place.directory) !== mountOf(kept);
  const inside = mounts.filter((at) => isWithin(at, place.directory));
  return ({ path, stats }) => {
    const at = join(place.directory, path);
    return isApart || stats.dev !== dev || inside.some((mount) => at === mount || isWithin(at, mount));
  };
}

function longer(one: string, other: string): string {
  return other.length > one.length ? other : one;
}

/**
 * Prepares a test of each entry of a state: a sentence when a release could change it and no restore could replace it,
 * else null. Changes nothing.
 */
export function stuckTest(place: StatePlace): (found: Found) => string | null {
  const mounts = mountPoints();
  return ({ path, kind, closed, stats }) => {
    const at = join(place.directory, path);
    if (kind === 'directory' && closed) return `${JSON.stringify(at)} ${ofAnother(stats.uid)}`;
    if (kind !== 'file') return null;
    const code = mounts.has(at) ? 'EBUSY' : removalError(at);
    // A file that nobody can write does not change: both states have the same one.
    if (code === null || !mayAccess(at, constants.W_OK)) return null;
    const parent = lstatSync(dirname(at));
    if (code === 'EACCES') {
      const own = parent.uid === process.getuid?.();
      return own ? null : `${JSON.stringify(dirname(at))} ${ofAnother(parent.uid)}`;
    }
    if (code === 'EBUSY')
      return `${JSON.stringify(at)} is mounted into the state directory, so nothing can take its place: unmount it, or mount the directory that holds it instead.`;
    return `${JSON.stringify(at)} can be written but not replaced (${code}). Look with lsattr -d and ls -ld, also at its directory.`;
  };
}

/** Reason why nothing can be put into a state directory, as a sentence, or null. */
export function whyClosed({ directory }: StatePlace): string | null {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return `${directory} is not a directory.`;
  if (stats.uid === process.getuid?.() && (stats.mode & 0o300) !== 0o300) return null;
  if (mayAccess(directory, constants.W_OK | constants.X_OK)) return null;
  return `The state directory ${directory} cannot be written, so nothing could be put back into it: ls -ld ${directory}`;
}

/** Asks the kernel for the removal of a directory, which this file is not: it checks the right to remove it first. */
function removalError(file: string): string | null {
  try {
    rmdirSync(file);
  } catch (error) {
    const code = systemCode(error) ?? '';
    return ['ENOTDIR', 'ENOENT'].includes(code) ? null : code;
  }
  return null;
}

export function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function ofAnother(uid: number): string {
  return `belongs to another user (${uid}), and cannot be moved.`;
}

function mountPoints(): ReadonlySet<string> {
  const paths = textOf('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  // The kernel writes spaces and line breaks as octal numbers.
  return new Set(
    paths.map((path) =>
      path.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    ),
  );
}
