import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readConfiguration } from './configuration.js';
import type { StatePlace } from './place.js';
import { userVersion } from './user-version.js';
import type { StateVersions } from './versions.js';
import { findDatabases } from './walk.js';

/**
 * Reads the versions of a state that no gateway uses, without SQLite and on any Node. Writes nothing.
 * @param directory the live state, or the files of a snapshot
 * @returns null when the version of one database is unknown
 */
export function versionsOnDisk(
  place: StatePlace,
  directory: string,
  config: string,
  left: readonly string[],
): StateVersions | null {
  const databases: Record<string, number> = {};
  for (const path of findDatabases(directory, left)) {
    const version = userVersion(join(directory, path));
    if (version === null) return null;
    databases[path] = version;
  }
  return { databases, config: readConfiguration(place, config).lastTouched };
}

/** Returns true for equal versions; unknown versions equal nothing. */
export function areSame(a: StateVersions | null, b: StateVersions | null): boolean {
  return a !== null && b !== null && isDeepStrictEqual(a, b);
}
