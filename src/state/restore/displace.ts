import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { removeDurably, writeFileDurably } from '../../host/durable.js';
import { syncFilesystem } from '../../host/sync.js';
import { configPath } from '../place.js';
import type { Restore } from '../restore-records.js';
import { KEPT } from '../snapshot-layout.js';
import type { Snapshot } from '../snapshots.js';
import { versionsOnDisk } from '../versions-on-disk.js';
import { dropEntry, putEntry } from './entry.js';
import { fill, liveTree, treeIn } from './tree.js';

/** Directory in a displaced state for files that stood at a needed path, by that path. */
const IN_THE_WAY = 'in-the-way';

/**
 * Gives today's state a second place, `states/<aside>`, and writes its record last. Leaves the live state as it is.
 * Continues an interrupted run.
 */
export async function displaceState(states: string, restore: Restore): Promise<void> {
  const { place, aside, scope = 'all', left = [] } = restore;
  const to = join(states, aside.name);
  const [files, copy] = [join(to, KEPT.files), join(to, KEPT.config)];
  mkdirSync(files, { recursive: true, mode: 0o700 });
  fill({
    tree: liveTree(restore),
    from: place.directory,
    to: files,
    makeWay: (path) => setAside(states, restore, path, files),
  });
  // Copied, because it may lie on another filesystem; the original stays until another replaces it.
  if (place.config !== null && existsSync(place.config)) {
    const { mode } = lstatSync(place.config);
    writeFileDurably(copy, readFileSync(place.config), mode & 0o777, 'displaced configuration');
  }
  await syncFilesystem(states);
  const config = place.config === null ? join(files, relative(place.directory, configPath(place))) : copy;
  const kept: Snapshot = {
    schema: 1,
    name: aside.name,
    kind: 'displaced',
    release: aside.release,
    change: restore.change,
    at: new Date().toISOString(),
    place,
    scope,
    versions: versionsOnDisk(place, files, config, left),
    ...(left.length > 0 && { left }),
    ...measure(files),
  };
  writeFileDurably(join(to, KEPT.record), `${JSON.stringify(kept, null, 2)}\n`, 0o600, 'displaced');
}

/** Moves what stands at a needed path away from it, into the displaced state. */
export function setAside(states: string, { aside }: Restore, path: string, within: string): void {
  const to = freeName(join(states, aside.name, IN_THE_WAY, relative(within, path)));
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  if (lstatSync(path).isDirectory()) renameSync(path, to);
  else {
    putEntry(path, to);
    dropEntry(path);
  }
}

/** Drops the second place of a state that is live again; other files in it stay. */
export function forgetDisplaced(states: string, { aside }: Restore): void {
  const kept = join(states, aside.name);
  removeDurably(join(kept, KEPT.record));
  for (const name of [KEPT.files, KEPT.history, KEPT.config])
    rmSync(join(kept, name), { recursive: true, force: true });
  rmdirSync(kept);
}

function freeName(path: string): string {
  for (let count = 1; ; count++) {
    const free = count === 1 ? path : join(dirname(path), `${basename(path)}.${count}`);
    if (!lstatSync(free, { throwIfNoEntry: false })) return free;
  }
}

function measure(directory: string): { files: number; bytes: number } {
  const paths = treeIn(directory).filter(({ isDirectory }) => !isDirectory);
  const sizes = paths.map(({ path }) => lstatSync(join(directory, path)));
  return {
    files: paths.length,
    bytes: sizes.reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0),
  };
}
