import type { Facts } from '../../ledger/facts.js';
import { configPath, type StatePlace } from '../../state/place.js';
import { readStateVersions, type StateVersions } from '../../state/versions.js';
import { versionsOnDisk } from '../../state/versions-on-disk.js';
import { leftOf } from '../../state/walk.js';
import type { Root } from '../../store/root.js';
import { type Reads, readPast, readsVersions } from './rules.js';
import { sqliteNodeOf } from './sqlite-node.js';

/** @param mayMigrate as for `readsVersions` */
export async function readsToday(
  root: Root,
  place: StatePlace,
  { from, to, mayMigrate }: { from: string | null; to: string; mayMigrate: boolean },
): Promise<Reads> {
  const today = await versionsToday(root, place, { from, to, previous: null, place });
  return today === null
    ? { reads: 'unknown', why: 'its databases do not tell' }
    : readsVersions(root, to, today, readPast(root), mayMigrate);
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
