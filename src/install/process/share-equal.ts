import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  renameSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { openPlainFile } from '../../core/bounded-file.js';
import { systemCode } from '../../core/errors.js';
import { ifPossible } from '../../core/if-possible.js';
import { digestOne } from '../../host/digest.js';
import type { Share } from '../../store/policy.js';
import { OPENCLAW } from '../lockfile.js';
import { type KeptRelease, layoutTime, sealedFiles } from './reuse.js';

/** Errors of a filesystem or of this user: all other files would meet them too. */
const ALWAYS = /^(EOPNOTSUPP|ENOTSUP|ENOSYS|ENOTTY|EXDEV|EINVAL|EPERM|EACCES)$/;

export interface Sharing {
  /** Newest first. */
  kept: readonly KeptRelease[];
  share: Share;
  /** True where the new release comes from a pack: no later one takes packages from it. */
  isPacked?: boolean;
}

/** Makes `scratch` from a kept file, so that both take the room of one. */
type Way = (pair: Pair, scratch: string) => void;

interface Pair {
  kept: string;
  copy: string;
  sha256: string;
  /** A younger kept file is the work of a script. With its time it would pass for that of an archive in the new release. */
  laidOutMs: number;
}

/**
 * Replaces dependencies of a new release by clones of the files of kept releases that are equal, or by further names
 * (hard links) where the filesystem cannot clone. Comes after the install scripts, because what these write must not
 * reach a kept release. Leaves OpenClaw and all below it: it refuses plugins whose files have two names.
 * @returns bytes in blocks that are shared now
 * @throws system errors
 */
export function shareEqual(directory: string, { kept, share, isPacked = false }: Sharing): number {
  const ways = { auto: [clone, link], reflink: [clone], none: [] }[share];
  const scratch = join(directory, '.sharing');
  const times = new Map<string, Stats>();
  const done = new Set<string>();
  const block = statfsSync(directory).bsize;
  let shared = 0;
  rmSync(scratch, { force: true });
  try {
    for (const release of ways.length > 0 ? kept : []) {
      const laidOutMs = isPacked ? Number.POSITIVE_INFINITY : (ifPossible(() => layoutTime(release)) ?? 0);
      for (const [path, sha256] of ifPossible(() => sealedFiles(release)) ?? []) {
        if (done.has(path) || !isDependency(path)) continue;
        const pair = { kept: join(release.directory, path), copy: join(directory, path), sha256, laidOutMs };
        const bytes = shareOne(pair, ways, scratch, times);
        if (ways.length === 0) return shared;
        if (bytes === null) continue;
        done.add(path);
        shared += Math.ceil(bytes / block) * block;
      }
    }
    return shared;
  } finally {
    rmSync(scratch, { force: true });
    // A later stage takes a directory that changed after its release was laid out for the work of a script.
    for (const [changed, { atime, mtime }] of times) utimesSync(changed, atime, mtime);
  }
}

function isDependency(path: string): boolean {
  return path.startsWith('node_modules/') && !path.startsWith(`${OPENCLAW}/`);
}

/** @returns its bytes; null where it stays as it is */
function shareOne(pair: Pair, ways: Way[], scratch: string, times: Map<string, Stats>): number | null {
  const { copy, sha256 } = pair;
  try {
    if (!isAlike(pair) || digestOne(copy).sha256 !== sha256) return null;
    const directory = dirname(copy);
    if (!times.has(directory)) times.set(directory, statSync(directory));
    if (!make(pair, ways, scratch)) return null;
    // Proves the kept file, and that its name did not lead to another one meanwhile.
    const made = digestOne(scratch);
    if (made.sha256 === sha256) {
      renameSync(scratch, copy);
      return made.size;
    }
    rmSync(scratch);
    return null;
  } catch (error) {
    // Sharing saves room, and no more: what cannot be shared, or read, stays a file of its own.
    rmSync(scratch, { force: true });
    if (systemCode(error) === undefined) throw error;
    return null;
  }
}

/** Returns true where no reader could tell one from the other by size, owner and mode, once the new release is sealed. */
function isAlike({ kept, copy, laidOutMs }: Pair): boolean {
  const [theirs, ours] = [lstatSync(kept), lstatSync(copy)];
  if (!theirs.isFile() || !ours.isFile() || theirs.size !== ours.size) return false;
  if (theirs.mtimeMs > laidOutMs) return false;
  if (theirs.uid !== process.geteuid?.() || theirs.uid !== ours.uid || theirs.gid !== ours.gid) return false;
  return (theirs.mode & 0o7777) === (ours.mode & 0o7777 & ~0o222);
}

/**
 * Makes `scratch` in the first way that works, and forgets the ways that would fail for every file: a failed clone leaves
 * a removed file, which ext4 walks past for each new one.
 */
function make(pair: Pair, ways: Way[], scratch: string): boolean {
  for (const way of [...ways]) {
    try {
      way(pair, scratch);
      return true;
    } catch (error) {
      rmSync(scratch, { force: true });
      if (!ALWAYS.test(systemCode(error) ?? '')) throw error;
      ways.shift();
    }
  }
  return false;
}

function clone({ kept, copy }: Pair, scratch: string): void {
  const { fd } = openPlainFile(kept);
  try {
    const how = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
    copyFileSync(`/proc/self/fd/${fd}`, scratch, how);
  } finally {
    closeSync(fd);
  }
  const { mode, atime, mtime } = lstatSync(copy);
  chmodSync(scratch, mode);
  utimesSync(scratch, atime, mtime);
}

function link({ kept }: Pair, scratch: string): void {
  const { dev, ino } = lstatSync(kept);
  linkSync(kept, scratch);
  const made = lstatSync(scratch);
  // An overlay copies a file of its lower layer for a new name.
  if (made.dev !== dev || made.ino !== ino)
    throw Object.assign(new Error(`${kept} was copied.`), { code: 'EXDEV' });
}
