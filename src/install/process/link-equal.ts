import {
  closeSync,
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
import { digestOpen } from '../../host/digest.js';
import { OPENCLAW } from '../lockfile.js';
import { ALWAYS } from './clone.js';
import { type KeptRelease, layoutTime, sealedFiles } from './reuse.js';

/** Errors of one file: a script has removed it; it is damaged; or it has all of the 65,000 names that ext4 gives. */
const OF_ONE_FILE = /^(ENOENT|ENOTDIR|ELOOP|EMLINK|EIO|EUCLEAN)$/;

/**
 * Replaces dependencies of a new release by further names (hard links) of the files of kept releases that are equal. Comes
 * after the install scripts, because what these write must not reach a kept release. Leaves OpenClaw and all below
 * it: it refuses plugins whose files have two names.
 * @returns bytes in blocks that are shared now
 * @throws system errors
 */
export function linkEqual(directory: string, kept: readonly KeptRelease[]): number {
  const scratch = join(directory, '.linking');
  const times = new Map<string, Stats>();
  const linked = new Set<string>();
  const block = statfsSync(directory).bsize;
  let shared = 0;
  rmSync(scratch, { force: true });
  try {
    for (const release of kept) {
      const laidOutMs = ifPossible(() => layoutTime(release)) ?? 0;
      for (const [path, sha256] of ifPossible(() => sealedFiles(release)) ?? []) {
        if (linked.has(path) || !isDependency(path)) continue;
        const file = { kept: join(release.directory, path), copy: join(directory, path), sha256, laidOutMs };
        const bytes = linkOne(file, scratch, times);
        if (bytes === 'never') return shared;
        if (bytes === null) continue;
        linked.add(path);
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

interface Pair {
  kept: string;
  copy: string;
  sha256: string;
  /** A younger kept file is the work of a script. With its time it would pass for that of an archive in the new release. */
  laidOutMs: number;
}

/** @returns its bytes; null where it stays as it is, and `never` where all others would, too */
function linkOne(pair: Pair, scratch: string, times: Map<string, Stats>): number | null | 'never' {
  const { kept, copy } = pair;
  try {
    const bytes = sameBytes(pair);
    if (bytes === null) return null;
    const directory = dirname(copy);
    if (!times.has(directory)) times.set(directory, statSync(directory));
    const { dev, ino } = lstatSync(kept);
    linkSync(kept, scratch);
    const made = lstatSync(scratch);
    // An overlay copies a file of its lower layer for a new name.
    const isOther = made.dev !== dev || made.ino !== ino;
    if (isOther) rmSync(scratch);
    else renameSync(scratch, copy);
    return isOther ? 'never' : bytes;
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (ALWAYS.test(code)) return 'never';
    if (OF_ONE_FILE.test(code)) return null;
    throw error;
  }
}

/** Bytes of both, where no reader could tell one from the other once the new release is sealed; else null. */
function sameBytes({ kept, copy, sha256, laidOutMs }: Pair): number | null {
  const [theirs, ours] = [lstatSync(kept), lstatSync(copy)];
  if (!theirs.isFile() || !ours.isFile() || theirs.size !== ours.size) return null;
  if (theirs.mtimeMs > laidOutMs) return null;
  if (theirs.uid !== process.geteuid?.() || theirs.uid !== ours.uid || theirs.gid !== ours.gid) return null;
  if ((theirs.mode & 0o7777) !== (ours.mode & 0o7777 & ~0o222)) return null;
  return digestOf(copy) === sha256 && digestOf(kept) === sha256 ? ours.size : null;
}

function digestOf(path: string): string {
  const { fd, stats } = openPlainFile(path);
  try {
    return digestOpen(fd, stats.size);
  } finally {
    closeSync(fd);
  }
}
