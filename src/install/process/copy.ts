import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { openPlainFile } from '../../core/bounded-file.js';
import { systemCode } from '../../core/errors.js';
import { digestFile, digestOpen } from '../../host/digest.js';
import type { PackageCopy } from './reuse.js';

/** Bytes. Smaller files hold little that can be shared, and every clone costs the same. */
const WORTHWHILE = 16 * 1024;

/**
 * Copies a package of a release, with the same result as unpacking its archive. Shares its blocks where the filesystem
 * can (btrfs, xfs): clones are no hard links, so a later change of one file leaves the other as it is. Refuses files that
 * differ from the sealed digest or that an install script changed.
 * @returns bytes in blocks that are shared now
 * @throws system errors, and `ESTALE` when the package is not as unpacked
 */
export function copyPackage({ from, files, laidOutMs }: PackageCopy, into: string): number {
  for (const directory of directoriesOf(from))
    if (statSync(directory).mtimeMs > laidOutMs) throw stale(directory);
  const made = new Set<string>();
  let shared = 0;
  for (const [path, sha256] of files) {
    const [source, target] = [join(from, path), join(into, path)];
    if (!made.has(dirname(target))) mkdirSync(dirname(target), { recursive: true });
    made.add(dirname(target));
    const copied = copyFile(source, target, laidOutMs);
    if (copied?.sha256 !== sha256) throw stale(source);
    shared += copied.shared;
  }
  return shared;
}

/** Directories of one package without nested packages; adding or removing a file changes the time of a directory. */
function* directoriesOf(path: string, apart: string | null = 'node_modules'): Generator<string> {
  yield path;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== apart) yield* directoriesOf(join(path, entry.name), null);
}

/** @returns null for a file that changed after `laidOutMs` */
function copyFile(from: string, into: string, laidOutMs: number): { sha256: string; shared: number } | null {
  const { fd: source, stats } = openPlainFile(from);
  try {
    const { mtimeMs, size } = stats;
    if (mtimeMs > laidOutMs) return null;
    // Mode as npm sets it; the sealed file has lost its write bits.
    const mode = (stats.mode & 0o777) | 0o666;
    if (size >= WORTHWHILE && !cannotClone && clone(source, into, mode)) {
      const block = statfsSync(into).bsize;
      return { sha256: digestFile(into).sha256, shared: Math.ceil(size / block) * block };
    }
    const target = openSync(into, 'wx', mode);
    try {
      const sha256 = digestOpen(source, size, (bytes) => {
        for (let at = 0; at < bytes.length; ) at += writeSync(target, bytes, at);
      });
      return { sha256, shared: 0 };
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Learned from the first file: a failed clone leaves a removed file, which ext4 walks past for each new one. */
let cannotClone = false;

/** Clones the open file, since its name may lead to another one meanwhile; returns false where that is impossible. */
function clone(source: number, into: string, mode: number): boolean {
  try {
    const how = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
    copyFileSync(`/proc/self/fd/${source}`, into, how);
    chmodSync(into, mode & ~process.umask());
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    cannotClone ||= /^(EOPNOTSUPP|ENOTSUP|ENOSYS|ENOTTY|EXDEV|EINVAL)$/.test(code);
    rmSync(into, { force: true });
    return false;
  }
}

function stale(path: string): Error {
  return Object.assign(new Error(`${path} is not what was unpacked.`), { code: 'ESTALE' });
}
