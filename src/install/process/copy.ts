import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOpen } from '../../host/digest.js';
import type { PackageCopy } from './reuse.js';

/**
 * Makes a package of one that a release has, which is the same as unpacking its archive once more: where a file is not what
 * its release was sealed with, or is an install script's work, it is not made.
 * @param into is made
 * @throws system errors, and `ESTALE` when it is not what was unpacked
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

/** A package's own, itself among them: what is added to one or removed changes its time. */
function* directoriesOf(path: string, apart: string | null = 'node_modules'): Generator<string> {
  yield path;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== apart) yield* directoriesOf(join(path, entry.name), null);
}

/** @returns the sha256 of what was copied, in hex; null for what changed after `laidOutMs` */
function copyFile(from: string, into: string, laidOutMs: number): string | null {
  const source = openSync(from, 'r');
  try {
    const { mode, mtimeMs, size } = fstatSync(source);
    if (mtimeMs > laidOutMs) return null;
    // As npm unpacks it; a sealed release has lost what may be written.
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
