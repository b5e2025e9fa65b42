import { existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeFileDurably } from '../../host/durable.js';
import { syncFilesystem } from '../../host/sync.js';
import { below } from '../below.js';
import { CONFIG_FILE, configPath, type StatePlace } from '../place.js';
import type { Restore } from '../restore-records.js';
import { KEPT } from '../snapshot-layout.js';
import type { Snapshot } from '../snapshots.js';
import { versionsOnDisk } from '../versions-on-disk.js';
import { freeName, moveOne, moveTree } from './move.js';
import { wholeSubtrees } from './subtrees.js';

/** Directory in a displaced state for files that stood at a needed path, by that path. */
const IN_THE_WAY = 'in-the-way';

/** Displaces today's state into `states/<aside>` and writes its record last. Continues an interrupted run. */
export async function displaceState(states: string, restore: Restore): Promise<void> {
  const { place, aside, scope = 'all', left = [] } = restore;
  const to = join(states, aside.name);
  const [files, copy] = [join(to, KEPT.files), join(to, KEPT.config)];
  mkdirSync(files, { recursive: true, mode: 0o700 });
  for (const part of scope === 'all' ? wholeSubtrees(place.directory, left) : configurationIn(place)) {
    moveTree(join(place.directory, part), join(files, part), (from) =>
      moveOutOfTheWay(states, restore, from),
    );
  }
  // Copied, because it may lie on another filesystem; the original stays until another replaces it.
  if (place.config !== null && existsSync(place.config) && !existsSync(copy)) {
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

function configurationIn({ directory, config }: StatePlace): string[] {
  return config === null && existsSync(join(directory, CONFIG_FILE)) ? [CONFIG_FILE] : [];
}

/** Displaces a live file whose name is needed. */
export function moveOutOfTheWay(states: string, { place, aside }: Restore, path: string): void {
  moveOne(path, freeName(join(states, aside.name, IN_THE_WAY, relative(place.directory, path))));
}

function measure(directory: string): { files: number; bytes: number } {
  let [files, bytes] = [0, 0];
  for (const { path, entry } of below(directory)) {
    if (entry.isDirectory()) continue;
    files++;
    bytes += entry.isFile() ? lstatSync(join(directory, path)).size : 0;
  }
  return { files, bytes };
}
