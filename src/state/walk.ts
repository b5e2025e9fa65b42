import { accessSync, constants, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join, relative } from 'node:path';
import { systemCode } from '../core/errors.js';
import { readConfiguration } from './configuration.js';
import { isWithin, type RootPlace, type StatePlace } from './place.js';
import { classify, type Scope } from './scope.js';

/** One thing in a state directory that is not `left`. */
export interface Found {
  /** Relative to the directory that is walked, with `/`. */
  path: string;
  scope: Exclude<Scope, 'excluded'>;
  /** `other` is a socket, a pipe or a device; `unnameable` has a name that is not UTF-8. */
  kind: 'file' | 'directory' | 'link' | 'other' | 'unnameable';
  stats: Stats;
  /** A file that cannot be read, or a directory that cannot be listed or changed, by this process. */
  closed: boolean;
}

/**
 * Paths relative to the state directory that are `left` besides those that always are: workspaces that the
 * configuration names, and the root when it lies there, which would else hold copies of itself.
 */
export function leftOf(place: StatePlace, root?: RootPlace): string[] {
  const { workspaces } = readConfiguration(place);
  const own = root && isWithin(root.path, place.directory) ? [relative(place.directory, root.path)] : [];
  return [...workspaces, ...own];
}

/**
 * Everything in a state directory that is kept, a directory before what is in it, in an order that does not depend
 * on the locale. Never follows a link. What vanishes meanwhile is not named: a gateway may be running.
 * @param left as `leftOf` says
 */
export function* walkState(directory: string, left: readonly string[], below = ''): Generator<Found> {
  for (const name of namesIn(join(directory, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const scope = classify(path, left);
    if (scope === 'excluded') continue;
    const absolute = join(directory, path);
    // A name that is not UTF-8 was decoded to another one, which names nothing.
    const stats = lstatSync(absolute, { throwIfNoEntry: false });
    if (name.includes('\uFFFD') && !isNamed(join(directory, below), name)) {
      yield {
        path,
        scope,
        kind: 'unnameable',
        stats: stats ?? lstatSync(join(directory, below)),
        closed: true,
      };
      continue;
    }
    if (!stats) continue;
    const kind = kindOf(stats);
    const closed = (kind === 'file' || kind === 'directory') && isClosed(absolute, kind, stats);
    yield { path, scope, kind, stats, closed };
    if (kind === 'directory') yield* walkState(directory, left, path);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort((a, b) => (a < b ? -1 : 1));
  } catch (error) {
    // One that is closed was named so by whoever came to it.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}

function isNamed(directory: string, name: string): boolean {
  return readdirSync(directory, { encoding: 'buffer' }).some((bytes) => bytes.equals(Buffer.from(name)));
}

function kindOf(stats: Stats): Found['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

function isClosed(path: string, kind: 'file' | 'directory', stats: Stats): boolean {
  // Its owner can open a directory that is only closed to changes.
  const own = stats.uid === process.getuid?.();
  const { R_OK, W_OK, X_OK } = constants;
  try {
    accessSync(path, kind === 'file' ? R_OK : own ? R_OK | X_OK : R_OK | W_OK | X_OK);
    return false;
  } catch (error) {
    return systemCode(error) !== 'ENOENT';
  }
}
