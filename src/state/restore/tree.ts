import { chmodSync, lstatSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ifPossible } from '../../core/if-possible.js';
import { below } from '../below.js';
import { isOfConfig } from '../place.js';
import type { Restore } from '../restore-records.js';
import { walkState } from '../walk.js';
import { addDirectory, BESIDE, dropEntry, inside, isLinked, isSame, putEntry, statsOf } from './entry.js';

/** Entries by their relative paths, a directory before its content. */
export type Tree = { path: string; isDirectory: boolean }[];

/** Files that a restore exchanges, as they are now. Leaves out sockets and pipes, which are useless without their process. */
export function liveTree({ place, scope = 'all', left = [] }: Restore): Tree {
  const parts = [...walkState(place.directory, left)].filter(
    (found) => found.scope === 'state' && ['file', 'directory', 'link'].includes(found.kind),
  );
  return parts
    .filter(({ path }) => scope === 'all' || isOfConfig(place, path))
    .map(({ path, kind }) => ({ path, isDirectory: kind === 'directory' }));
}

export function treeIn(directory: string): Tree {
  return below(directory).map(({ path, entry }) => ({ path, isDirectory: entry.isDirectory() }));
}

export interface Fill {
  tree: Tree;
  from: string;
  to: string;
  /** Directory with second names of entries: one of `to` that is here, too, is replaced. */
  kept?: string;
  /** Frees a path of `to` that holds something else. */
  makeWay(path: string): void;
  /** By path; others keep theirs. */
  modes?: ReadonlyMap<string, number>;
}

/** Gives `to` every entry that `from` has. `from` keeps them all, so an interrupted run is repeated. */
export function fill({ tree, from, to, kept, makeWay, modes }: Fill): void {
  for (const { path, isDirectory } of tree) {
    const [source, target] = [join(from, path), join(to, path)];
    const there = statsOf(target);
    if (isDirectory) {
      if (there && !there.isDirectory()) makeWay(target);
      if (!there?.isDirectory()) addDirectory(source, target);
    } else if (kept !== undefined && isSame(target, join(kept, path))) {
      replace(source, target, join(kept, path));
    } else if (!isSame(target, source)) {
      if (there) makeWay(target);
      putEntry(source, target);
    }
  }
  // A directory after its content: it may be closed even to its owner.
  for (const { path, isDirectory } of tree.toReversed()) {
    const mode = modes?.get(path) ?? (isDirectory ? modeOf(join(from, path)) : undefined);
    if (mode !== undefined && modeOf(join(to, path)) !== mode) chmodSync(join(to, path), mode);
  }
}

/** Leaves a file that nobody can replace, where the other is the same: it is immutable, or on a read-only mount. */
function replace(source: string, target: string, kept: string): void {
  if (isLinked(source, target)) return;
  try {
    putEntry(source, target);
  } catch (error) {
    // A second name of what is kept would change with it.
    if (isLinked(target, kept) || !isSame(source, target)) throw error;
  }
}

/** Removes from `live` what only `kept` has, and not `next`. */
export function clear(tree: Tree, live: string, kept: string, next: string): void {
  for (const { path, isDirectory } of tree.toReversed()) {
    const at = join(live, path);
    const other = statsOf(join(next, path));
    if (isDirectory) {
      if (!other?.isDirectory()) removeIfEmpty(at);
    } else if (basename(path) === BESIDE) dropEntry(at);
    else if ((!other || other.isDirectory()) && isSame(at, join(kept, path))) dropEntry(at);
  }
}

/** Leaves a mount point, and a directory that holds something else besides. */
function removeIfEmpty(path: string): void {
  ifPossible(() => inside(dirname(path), () => rmdirSync(path)));
}

function modeOf(path: string): number {
  return lstatSync(path).mode & 0o7777;
}
