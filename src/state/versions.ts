import { join } from 'node:path';
import type { Integer } from '../core/scalars.js';
import { runSqlite } from '../host/sqlite/sqlite.js';
import { readConfiguration } from './configuration.js';
import { hasSideFiles, readDatabaseHeader } from './databases.js';
import type { StatePlace } from './place.js';
import { findDatabases, leftOf } from './walk.js';

export interface StateVersions {
  /** `user_version` of each database, by its path in the state directory. */
  databases: Record<string, Integer>;
  /** Release that wrote the configuration last (`meta.lastTouchedVersion`), or null. */
  config: string | null;
}

/**
 * Reads the versions of the live state, including changes that are only in a `-wal`. Writes nothing. Starts a process
 * with SQLite only for databases that have side files; for others it reads the header.
 * @param node a program that `findSqliteNode` has found
 * @throws ReleasesError `snapshot_failed` when a database is locked for longer than 10 s, or cannot be read
 */
export async function readStateVersions(place: StatePlace, node: string): Promise<StateVersions> {
  const databases: Record<string, number> = {};
  const used: string[] = [];
  for (const path of findDatabases(place.directory, leftOf(place))) {
    const header = readDatabaseHeader(join(place.directory, path));
    if (!header) continue;
    databases[path] = header.userVersion;
    if (hasSideFiles(join(place.directory, path))) used.push(path);
  }
  const orders = used.map((path) => ({ kind: 'version' as const, database: join(place.directory, path) }));
  for (const [index, answer] of (await runSqlite(node, orders)).entries()) {
    if (answer.kind === 'version') databases[used[index] ?? ''] = answer.version;
  }
  return { databases, config: readConfiguration(place).lastTouched };
}
