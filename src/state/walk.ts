import { accessSync, constants, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join, relative } from 'node:path';
import { systemCode } from '../core/errors.js';
import { readConfiguration } from './configuration.js';
import { mayBeDatabase, readDatabaseHeader } from './databases.js';
import { isWithin, type RootPlace, type StatePlace } from './place.js';
import { classify, type Scope } from './scope.js';

/** Entry of a state directory that is not excluded. */
export interface Found {
  /** Relative to the walked directory, with `/`. */
  path: string;
  scope: Exclude<Scope, 'excluded'>;
  /** `other` is a socket, a pipe or a device; `unnameable` has a name that is not UTF-8. */
  kind: 'file' | 'directory' | 'link' | 'other' | 'unnameable';
  stats: Stats;
  /** True when this process cannot read the file, or cannot list or change the directory. */
  closed: boolean;
}

/**
 * More excluded paths, relative to the state directory: workspaces that the configuration names, and the root when it
 * lies there, because it would hold copies of itself.
 */
export function leftOf(place: StatePlace, root?: RootPlace): string[] {
  const { workspaces } = readConfiguration(place);
  const own = root && isWithin(root.path, place.directory) ? [relative(place.directory, root.path)] : [];
  return [...workspaces, ...own];
}

/** Walks a directory before its content, independent of the locale. Follows no links, skips vanished entries. */
export function* walkState(directory: string, left: readonly string[], below = ''): Generator<Found> {
  for (const name of namesIn(join(directory, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const scope = classify(path, left);
    if (scope === 'excluded') continue;
    const absolute = join(directory, path);
    // Node decodes a name that is not UTF-8 to another name, which does not exist.
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

/** Lists the databases of a state, relative to its directory. Skips `node_modules`: those belong to a package. */
export function findDatabases(directory: string, left: readonly string[]): string[] {
  const found: string[] = [];
  for (const { path, kind, scope, stats } of walkState(directory, left)) {
    if (kind !== 'file' || scope !== 'state' || !mayBeDatabase(stats.size)) continue;
    if (/(^|\/)node_modules\//.test(path)) continue;
    if (readDatabaseHeader(join(directory, path))) found.push(path);
  }
  return found;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort((a, b) => (a < b ? -1 : 1));
  } catch (error) {
    // A closed directory was already reported as `closed`.
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
  // Its owner can make a read-only directory writable.
  const own = stats.uid === process.getuid?.();
  const { R_OK, W_OK, X_OK } = constants;
  try {
    accessSync(path, kind === 'file' ? R_OK : own ? R_OK | X_OK : R_OK | W_OK | X_OK);
    return false;
  } catch (error) {
    return systemCode(error) !== 'ENOENT';
  }
}
