import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemCode } from '../core/errors.js';
import { listReleases, releaseDirectory } from './manifest.js';
import type { Root } from './root.js';
import { DIGESTS_FILE } from './tree.js';

/** What is older has little in common that these have not. */
const SOURCES = 3;

/** Bytes. Most files are smaller and hold little of what can be shared, and every clone costs as much as any other. */
const WORTHWHILE = 16 * 1024;

/** Enough files to be fast, few enough that Ctrl-C is answered at once. */
const FILES_PER_TURN = 200;

/**
 * Has files of a staged tree share their blocks with equal ones of the releases that are here, where the filesystem
 * can (btrfs, xfs). Each gets a copy-on-write clone in its place, never a second name: what changes one of them later
 * changes that one alone. Every clone is compared with the file that it replaces, so a release that was damaged on
 * disk gives nothing of its damage on. Not being able to share is no failure.
 * @param staged not yet closed to changes, below the root
 * @param digests of it, as in `files.sha256`
 * @returns the bytes of the blocks that are shared now
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

/** One try tells it for the whole filesystem. */
function canClone(path: string, clone: string): boolean {
  try {
    cloneFile(path, clone);
    return true;
  } catch (error) {
    // That there is no room, or no such list, is said by others who cannot do without.
    if (systemCode(error) !== undefined) return false;
    throw error;
  } finally {
    rmSync(clone, { force: true });
  }
}

/** @returns how large a file is whose blocks are shared now, 0 for a small one; null when the source is no longer what it was sealed as */
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
  const [a, b] = [openSync(path, 'r'), openSync(other, 'r')];
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
    return readFileSync(join(release, DIGESTS_FILE), 'utf8');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return '';
  }
}

function* filesIn(digests: string): Generator<{ digest: string; path: string }> {
  for (const line of digests.split('\n'))
    if (line !== '' && !line.startsWith('# ')) yield { digest: line.slice(0, 64), path: line.slice(66) };
}
