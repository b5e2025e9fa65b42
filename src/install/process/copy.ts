import { closeSync, mkdirSync, openSync, readdirSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openPlainFile } from '../../core/bounded-file.js';
import { digestOpen } from '../../host/digest.js';
import type { Share } from '../../store/policy.js';
import { clone, type SealedFile, unpackedMode } from './clone.js';
import type { PackageCopy } from './reuse.js';

/**
 * Makes a package from that of a kept release: clones its files, or copies those that cannot be cloned, with the same
 * result as unpacking its archive. Reads every file, so that no damage is inherited. Refuses files that differ from
 * the sealed digest or that an install script changed.
 * @returns bytes in blocks of clones
 * @throws system errors, and `ESTALE` when the package is not as unpacked
 */
export function copyPackage(copy: PackageCopy, into: string, share: Share): number {
  const { from, files, laidOutMs } = copy;
  for (const directory of directoriesOf(from))
    if (statSync(directory).mtimeMs > laidOutMs) throw stale(directory);
  const block = statfsSync(from).bsize;
  const made = new Set<string>();
  let shared = 0;
  for (const [name, sha256] of files) {
    const [path, target] = [join(from, name), join(into, name)];
    if (!made.has(dirname(target))) mkdirSync(dirname(target), { recursive: true });
    made.add(dirname(target));
    const { fd, stats } = openPlainFile(path);
    try {
      const file = { path, fd, stats };
      const isShared = share !== 'none' && clone(file, target);
      const found = isShared ? digestOpen(fd, stats.size) : copyFile(file, target);
      if (found !== sha256 || stats.mtimeMs > laidOutMs) throw stale(path);
      if (isShared) shared += Math.ceil(stats.size / block) * block;
    } finally {
      closeSync(fd);
    }
  }
  return shared;
}

/** Directories of one package without nested packages; adding or removing a file changes the time of a directory. */
function* directoriesOf(path: string, apart: string | null = 'node_modules'): Generator<string> {
  yield path;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== apart) yield* directoriesOf(join(path, entry.name), null);
}

/** @returns sha256 of what was copied, in hex */
function copyFile({ fd, stats }: SealedFile, into: string): string {
  const target = openSync(into, 'wx', unpackedMode(stats));
  try {
    return digestOpen(fd, stats.size, (bytes) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(target, bytes, at);
    });
  } finally {
    closeSync(target);
  }
}

function stale(path: string): Error {
  return Object.assign(new Error(`${path} is not what was unpacked.`), { code: 'ESTALE' });
}
