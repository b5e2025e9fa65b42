import { closeSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openPlainFile } from '../../core/bounded-file.js';
import { copyOpen } from '../../host/digest.js';
import type { PackageCopy } from './reuse.js';

/**
 * Copies a package of a kept release, with the same result as unpacking its archive. Compares every file with its sealed
 * digest, so that no damage is inherited, and refuses what an install script changed.
 * @throws system errors, and `ESTALE` when the package is not as unpacked
 */
export function copyPackage({ from, files, laidOutMs }: PackageCopy, into: string): void {
  for (const directory of directoriesOf(from))
    if (statSync(directory).mtimeMs > laidOutMs) throw stale(directory);
  const made = new Set<string>();
  for (const [name, sha256] of files) {
    const [path, target] = [join(from, name), join(into, name)];
    if (!made.has(dirname(target))) mkdirSync(dirname(target), { recursive: true });
    made.add(dirname(target));
    const { fd, stats } = openPlainFile(path);
    try {
      // The mode of an unpacked file; the seal had taken the right to write.
      const found = copyOpen(fd, stats.size, target, (stats.mode & 0o777) | 0o666);
      if (found !== sha256 || stats.mtimeMs > laidOutMs) throw stale(path);
    } finally {
      closeSync(fd);
    }
  }
}

/** Directories of one package without nested packages; adding or removing a file changes the time of a directory. */
function* directoriesOf(path: string, apart: string | null = 'node_modules'): Generator<string> {
  yield path;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory() && entry.name !== apart) yield* directoriesOf(join(path, entry.name), null);
}

function stale(path: string): Error {
  return Object.assign(new Error(`${path} is not what was unpacked.`), { code: 'ESTALE' });
}
