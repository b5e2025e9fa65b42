import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  lstatSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { LARGEST, openPlainFile, readPlainFile } from '../core/bounded-file.js';
import { systemCode } from '../core/errors.js';
import { listReleases, releaseDirectory } from './manifest.js';
import type { Root } from './root.js';
import { DIGESTS_FILE } from './tree.js';

/** Newest releases to share with; older ones add little. */
const SOURCES = 3;

/** Bytes. Smaller files hold little that can be shared, and every clone costs the same. */
const WORTHWHILE = 16 * 1024;

/** Large enough to be fast, small enough that Ctrl-C works at once. */
const FILES_PER_TURN = 200;

/**
 * Shares blocks between files of a staged tree and equal files of existing releases, where the filesystem can (btrfs,
 * xfs). Makes copy-on-write clones, not hard links, so a later change of one file leaves the other as it is. Compares
 * every clone with the file that it replaces, so damage on disk does not spread. Failure to share is no error.
 * @param staged below the root, still writable
 * @param digests of it, as in `files.sha256`
 * @returns bytes in blocks that are shared now
 */
export async function shareBlocks(
  root: Root,
  staged: string,
  digests: string,
  signal?: AbortSignal,
): Promise<number> {
  const sources = listReleases(root)
    .releases.sort((a, b) => (a.sealedAt < b.sealedAt ? 1 : -1))
    .slice(0, SOURCES)
    .map(({ id }) => releaseDirectory(root, id));
  const clone = `${staged}.clone`;
  if (!sources[0] || !canClone(join(sources[0], DIGESTS_FILE), clone)) return 0;
  const block = statfsSync(staged).bsize;
  const wanted = new Map<string, string[]>();
  for (const { digest, path } of filesIn(digests)) wanted.set(digest, [...(wanted.get(digest) ?? []), path]);
  let shared = 0;
  let files = 0;
  for (const source of sources) {
    for (const { digest, path } of filesIn(digestsOf(source))) {
      for (const target of wanted.get(digest) ?? []) {
        const bytes = share(join(source, path), join(staged, target), clone);
        if (bytes !== null) wanted.delete(digest);
        shared += Math.ceil((bytes ?? 0) / block) * block;
        if (++files % FILES_PER_TURN !== 0) continue;
        await setImmediate();
        signal?.throwIfAborted();
      }
    }
  }
  return shared;
}

function canClone(path: string, clone: string): boolean {
  try {
    // A copy of a pipe would wait for a writer.
    if (!lstatSync(path).isFile()) return false;
    cloneFile(path, clone);
    return true;
  } catch (error) {
    // A full disk or a missing list is not reported here; later steps fail for it.
    if (systemCode(error) !== undefined) return false;
    throw error;
  } finally {
    rmSync(clone, { force: true });
  }
}

/** @returns bytes of the file that now shares its blocks, 0 for a small file; null when the source was not usable */
function share(source: string, target: string, clone: string): number | null {
  const { size, mode, atime, mtime } = lstatSync(target);
  if (size < WORTHWHILE) return 0;
  try {
    const there = lstatSync(source);
    if (!there.isFile() || there.size !== size) return null;
    cloneFile(source, clone);
    if (!isSame(clone, target)) return null;
    chmodSync(clone, mode);
    utimesSync(clone, atime, mtime);
    renameSync(clone, target);
    return size;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return null;
  } finally {
    rmSync(clone, { force: true });
  }
}

function cloneFile(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
}

const COMPARED_BYTES = 1 << 18;
let buffers: [Buffer, Buffer] | undefined;

function isSame(path: string, other: string): boolean {
  buffers ??= [Buffer.allocUnsafe(COMPARED_BYTES), Buffer.allocUnsafe(COMPARED_BYTES)];
  const [one, two] = buffers;
  const [{ fd: a }, { fd: b }] = [openPlainFile(path), openPlainFile(other)];
  try {
    for (;;) {
      const [length, otherLength] = [readSync(a, one), readSync(b, two)];
      if (length !== otherLength || one.compare(two, 0, length, 0, length) !== 0) return false;
      if (length === 0) return true;
    }
  } finally {
    closeSync(a);
    closeSync(b);
  }
}

function digestsOf(release: string): string {
  try {
    return readPlainFile(join(release, DIGESTS_FILE), LARGEST).toString();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return '';
  }
}

function* filesIn(digests: string): Generator<{ digest: string; path: string }> {
  for (const line of digests.split('\n'))
    if (line !== '' && !line.startsWith('# ')) yield { digest: line.slice(0, 64), path: line.slice(66) };
}
