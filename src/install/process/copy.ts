import { closeSync, mkdirSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openPlainFile } from '../../core/bounded-file.js';
import { digestOpen } from '../../host/digest.js';
import type { PackageCopy } from './reuse.js';

/**
 * Copies a package of a release, with the same result as unpacking its archive. Refuses files that differ from the
 * sealed digest or that an install script changed.
 * @throws system errors, and `ESTALE` when the package is not as unpacked
 */
export function copyPackage({ from, files, laidOutMs }: PackageCopy, into: string): void {
  for (const directory of directoriesOf(from))
    if (statSync(directory).mtimeMs > laidOutMs) throw stale(directory);
  const made = new Set<string>();
  for (const [path, sha256] of files) {
    const [source, target] = [join(from, path), join(into, path)];
    if (!made.has(dirname(target))) mkdirSync(dirname(target), { recursive: true });
    made.add(dirname(target));
    if (copyFile(source, target, laidOutMs) !== sha256) throw stale(source);
  }
}

/** Directories of one package without nested packages; adding or removing a file changes the time of a directory. */
function* directoriesOf(path: string, apart: string | null = 'node_modules'): Generator<string> {
  yield path;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== apart) yield* directoriesOf(join(path, entry.name), null);
}

/** @returns sha256 of the copy in hex; null for a file that changed after `laidOutMs` */
function copyFile(from: string, into: string, laidOutMs: number): string | null {
  const { fd: source, stats } = openPlainFile(from);
  try {
    const { mode, mtimeMs, size } = stats;
    if (mtimeMs > laidOutMs) return null;
    // Mode as npm sets it; the sealed file has lost its write bits.
    const target = openSync(into, 'wx', (mode & 0o777) | 0o666);
    try {
      return digestOpen(source, size, (bytes) => {
        for (let at = 0; at < bytes.length; ) at += writeSync(target, bytes, at);
      });
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

function stale(path: string): Error {
  return Object.assign(new Error(`${path} is not what was unpacked.`), { code: 'ESTALE' });
}
