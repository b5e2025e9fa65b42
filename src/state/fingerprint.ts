import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../core/if-possible.js';
import { readDatabaseHeader } from './databases.js';
import { configPath, type StatePlace } from './place.js';
import type { StateVersions } from './versions.js';

/**
 * Fingerprint of a state: another text when its versions could be others. Reads a few files and starts no process. A
 * starting gateway migrates a database whose changes are still in its `-wal`, so the start of a running gateway is part
 * of the text; without one, the stamps of each database and its `-wal` are.
 * @param known the versions read last: these databases are read besides those at the usual paths
 * @param instance the start of the running gateway, or null when none runs
 */
export function lookOf(place: StatePlace, known: StateVersions | null, instance: string | null): string {
  const { directory } = place;
  const agents = names(directory, 'agents').map((id) => `agents/${id}/agent`);
  const rule = ['state', ...agents].flatMap((below) =>
    names(directory, below)
      .filter((name) => name.endsWith('.sqlite'))
      .map((name) => `${below}/${name}`),
  );
  const databases = [...new Set([...rule, ...Object.keys(known?.databases ?? {})])].sort();
  return JSON.stringify([
    ...[place.directory, instance, stampOf(configPath(place))],
    ...databases.map((path) => [
      path,
      readDatabaseHeader(join(directory, path))?.userVersion ?? null,
      ...(instance === null ? [stampOf(join(directory, path)), stampOf(join(directory, `${path}-wal`))] : []),
    ]),
  ]);
}

function stampOf(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs}` : null;
}

function names(directory: string, below: string): string[] {
  return ifPossible(() => readdirSync(join(directory, below)).sort()) ?? [];
}
