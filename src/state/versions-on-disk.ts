import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readConfiguration } from './configuration.js';
import { findDatabases } from './databases.js';
import type { StatePlace } from './place.js';
import { userVersion } from './user-version.js';
import type { StateVersions } from './versions.js';

/**
 * The versions of a state that no gateway uses, read without SQLite and on any Node; writes nothing.
 * @param directory of the state: its own place, or where it is kept
 * @param config the configuration file that belongs to it
 * @param left as `leftOf` says
 * @returns null when one of its databases does not tell
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

/** Whether two states are of the same form; what is not known is not the same as anything. */
export function areSame(a: StateVersions | null, b: StateVersions | null): boolean {
  return a !== null && b !== null && isDeepStrictEqual(a, b);
}
