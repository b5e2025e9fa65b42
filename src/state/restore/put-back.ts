import { chmodSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../../core/bounded-file.js';
import { readRecord } from '../../core/record.js';
import { removeDurably, writeFileDurably } from '../../host/durable.js';
import { syncFilesystem } from '../../host/sync.js';
import { below } from '../below.js';
import type { StatePlace } from '../place.js';
import type { Restore } from '../restore-records.js';
import { type FileList, KEPT, readFileList } from '../snapshot-layout.js';
import type { Snapshot } from '../snapshots.js';
import { moveOutOfTheWay } from './displace.js';
import { continues } from './is-prefix.js';
import { moveOne, moveTree } from './move.js';

/** Moves a snapshot or displaced state into place. Continues an interrupted run. */
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

/** Skips a live transcript that begins with the kept one: transcripts only grow. No other kept one is lost. */
function putHistoryBack(place: StatePlace, from: string, aside: string): void {
  for (const { path, entry } of below(from)) {
    if (entry.isDirectory()) continue;
    const [kept, live] = [join(from, path), join(place.directory, path)];
    const there = lstatSync(live, { throwIfNoEntry: false });
    if (there?.isFile() && entry.isFile() && continues(live, kept)) continue;
    moveOne(kept, there ? join(aside, path) : live);
  }
}

/** Sets the mode of a directory after its content: the directory may be closed even to its owner. */
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

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
