import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../../core/record.js';
import { removeDurably, writeFileDurably } from '../../host/durable.js';
import { syncFilesystem } from '../../host/sync.js';
import { below } from '../below.js';
import type { StatePlace } from '../place.js';
import type { Restore } from '../restore-request.js';
import { type FileList, KEPT, readFileList } from '../snapshot-layout.js';
import type { KeptState } from '../snapshots.js';
import { continues } from './is-prefix.js';
import { moveOne, moveTree } from './move.js';
import { moveOutOfTheWay } from './set-aside.js';

/** Moves a kept state to the place where it was. Goes on where it was interrupted. */
export async function putStateBack(states: string, restore: Restore): Promise<void> {
  const { place } = restore;
  const from = join(states, restore.from);
  const files = join(from, KEPT.files);
  for (const name of namesIn(files)) {
    moveTree(join(files, name), join(place.directory, name), (_, to) => moveOutOfTheWay(states, restore, to));
  }
  putHistoryBack(place, join(from, KEPT.history), join(states, restore.aside.name, KEPT.history));
  const list = existsSync(join(from, KEPT.list)) ? readFileList(from) : null;
  if (list !== null) giveModesBack(place.directory, list);
  putConfigurationBack(place, from, list?.config?.mode);
  await syncFilesystem(states);
}

/** Transcripts only grow: one that is there and goes on where the kept one ends has it all. Any other is kept, too. */
function putHistoryBack(place: StatePlace, from: string, aside: string): void {
  for (const { path, entry } of below(from)) {
    if (entry.isDirectory()) continue;
    const [kept, live] = [join(from, path), join(place.directory, path)];
    const there = lstatSync(live, { throwIfNoEntry: false });
    if (there?.isFile() && continues(live, kept)) continue;
    moveOne(kept, there ? join(aside, path) : live);
  }
}

/** What is in a directory before the directory, which may be closed even to its owner. */
function giveModesBack(directory: string, { entries }: FileList): void {
  for (const entry of entries.toReversed()) {
    const live = join(directory, entry.path);
    if (entry.kind !== 'link' && lstatSync(live, { throwIfNoEntry: false })) chmodSync(live, entry.mode);
  }
}

function putConfigurationBack({ config }: StatePlace, from: string, mode?: number): void {
  if (config === null) return;
  const copy = join(from, KEPT.config);
  if (existsSync(copy)) {
    const text = readFileSync(copy);
    // Where its directory is closed to this user, nobody but its owner has changed it either.
    if (existsSync(config) && readFileSync(config).equals(text)) return;
    writeFileDurably(config, text, mode ?? lstatSync(copy).mode & 0o777, 'configuration');
    return;
  }
  const kept = readRecord<KeptState>(join(from, KEPT.record), 'kept-state');
  // That state was used without this file.
  if (kept.state === 'read' && kept.value.place.config === config) removeDurably(config);
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
