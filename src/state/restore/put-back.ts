import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LARGEST, readPlainFile } from '../../core/bounded-file.js';
import { readRecord } from '../../core/record.js';
import { removeDurably, writeFileDurably } from '../../host/durable.js';
import { syncFilesystem } from '../../host/sync.js';
import { below } from '../below.js';
import type { StatePlace } from '../place.js';
import type { Restore } from '../restore-records.js';
import { KEPT, readFileList } from '../snapshot-layout.js';
import type { Snapshot } from '../snapshots.js';
import { setAside } from './displace.js';
import { putEntry } from './entry.js';
import { continues } from './is-prefix.js';
import { clear, fill, liveTree, treeIn } from './tree.js';

/** Makes the live state that of `from`. Continues an interrupted run. */
export async function putStateBack(states: string, restore: Restore): Promise<void> {
  const { place, from, aside } = restore;
  putHistoryBack(place, join(states, from, KEPT.history), join(states, aside.name, KEPT.history));
  await replaceState(states, restore, from, aside.name);
}

/** Makes the live state the displaced one again. Continues an interrupted run. */
export async function returnDisplaced(states: string, restore: Restore): Promise<void> {
  await replaceState(states, restore, restore.aside.name, restore.from);
}

/** Both states are whole below `states/` before and after, so this can fail anywhere and be done either way round. */
async function replaceState(states: string, restore: Restore, next: string, kept: string): Promise<void> {
  const { place } = restore;
  const from = join(states, next);
  const files = join(from, KEPT.files);
  const list = existsSync(join(from, KEPT.list)) ? readFileList(from) : null;
  const entries = list?.entries ?? [];
  const replaced = join(states, kept, KEPT.files);
  clear(liveTree(restore), place.directory, replaced, files);
  fill({
    tree: treeIn(files),
    from: files,
    to: place.directory,
    kept: replaced,
    makeWay: (path) => setAside(states, restore, path, place.directory),
    modes: new Map(entries.flatMap((entry) => (entry.kind === 'link' ? [] : [[entry.path, entry.mode]]))),
  });
  putConfigurationBack(place, from, list?.config?.mode);
  await syncEach([states, place.directory, ...directoriesOf(restore)]);
}

function directoriesOf(restore: Restore): string[] {
  return liveTree(restore)
    .filter(({ isDirectory }) => isDirectory)
    .map(({ path }) => join(restore.place.directory, path));
}

async function syncEach(directories: string[]): Promise<void> {
  const byDevice = new Map(directories.map((path) => [lstatSync(path).dev, path]));
  for (const directory of byDevice.values()) await syncFilesystem(directory);
}

/** Skips a live transcript that begins with the kept one: transcripts only grow. No other kept one is lost. */
function putHistoryBack(place: StatePlace, from: string, aside: string): void {
  for (const { path, entry } of below(from)) {
    if (entry.isDirectory()) continue;
    const [kept, live] = [join(from, path), join(place.directory, path)];
    const there = lstatSync(live, { throwIfNoEntry: false });
    if (there?.isFile() && entry.isFile() && continues(live, kept)) continue;
    const to = there ? join(aside, path) : live;
    if (lstatSync(to, { throwIfNoEntry: false })) continue;
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    putEntry(kept, to);
  }
}

function putConfigurationBack({ config }: StatePlace, from: string, mode?: number): void {
  if (config === null) return;
  const copy = join(from, KEPT.config);
  if (existsSync(copy)) {
    const text = readPlainFile(copy, LARGEST);
    // An equal file needs no write, which could fail in a directory closed to this user.
    if (existsSync(config) && readPlainFile(config, LARGEST, { follow: true }).equals(text)) return;
    writeFileDurably(config, text, mode ?? lstatSync(copy).mode & 0o777, 'configuration');
    return;
  }
  const kept = readRecord<Snapshot>(join(from, KEPT.record), 'kept-state');
  // The gateway used that state without this file.
  if (kept.state === 'ok' && kept.value.place.config === config) removeDurably(config);
}
