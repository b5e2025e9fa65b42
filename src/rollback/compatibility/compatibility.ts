import type { Facts } from '../../ledger/facts.js';
import { configPath, type StatePlace } from '../../state/place.js';
import { readStateVersions, type StateVersions } from '../../state/versions.js';
import { versionsOnDisk } from '../../state/versions-on-disk.js';
import { leftOf } from '../../state/walk.js';
import type { Root } from '../../store/root.js';
import { type Reads, readsVersions } from './rules.js';
import { sqliteNodeOf } from './sqlite-node.js';

export async function readsToday(
  root: Root,
  place: StatePlace,
  id: string,
  from: string | null,
): Promise<Reads> {
  const today = await versionsToday(root, place, { from, to: id, previous: null, place });
  return today === null
    ? { reads: 'unknown', why: 'its databases do not tell' }
    : readsVersions(root, id, today);
}

/** Reads the files without SQLite when a hung gateway keeps its databases locked, just when a rollback is needed. */
export async function versionsToday(
  root: Root,
  place: StatePlace,
  facts: Facts,
): Promise<StateVersions | null> {
  try {
    return await readStateVersions(place, await sqliteNodeOf(root, { facts }));
  } catch {
    return versionsOnDisk(place, place.directory, configPath(place), leftOf(place, root));
  }
}
