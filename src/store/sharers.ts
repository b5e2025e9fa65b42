import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../core/if-possible.js';
import { type TreeDifference, walkTree } from '../host/listed-tree.js';
import { listReleases, releaseDirectory } from './manifest.js';
import type { Root } from './root.js';

/**
 * Finds the other releases that have damaged files of a release, as further names of those.
 * @returns their paths relative to each release, by its id
 */
export function sharersOf(
  root: Root,
  id: string,
  differences: readonly TreeDifference[],
): Map<string, string[]> {
  const directory = releaseDirectory(root, id);
  const damaged = new Set(differences.flatMap(({ path }) => sharedFile(join(directory, path)) ?? []));
  const sharers = new Map<string, string[]>();
  if (damaged.size === 0) return sharers;
  for (const { id: other } of listReleases(root).releases) {
    if (other === id) continue;
    const there = releaseDirectory(root, other);
    const paths = [...walkTree(there, new Set(), [])].map(({ path }) => path);
    const same = paths.filter((path) => damaged.has(sharedFile(join(there, path)) ?? ''));
    if (same.length > 0) sharers.set(other, same);
  }
  return sharers;
}

/** Identity of a file that has several names; null for any other, and where it cannot be read. */
function sharedFile(path: string): string | null {
  const stats = ifPossible(() => lstatSync(path));
  return stats?.isFile() && stats.nlink > 1 ? `${stats.dev}:${stats.ino}` : null;
}
