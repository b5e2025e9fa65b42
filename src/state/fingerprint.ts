import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readDatabaseHeader } from './databases.js';
import { configPath, type StatePlace } from './place.js';
import type { StateVersions } from './versions.js';

/**
 * What a state looks like from outside: another text where its versions could be others. Costs a few looks at files and
 * no process. A database of which changes are in its `-wal` is migrated by a gateway that starts; so the start of the
 * gateway is part of the look, and of one that does not run, what is beside its databases.
 * @param known the versions that were read last: which databases to look at; where they are by rule is looked at anyway
 * @param instance the start of the gateway that runs, or null when none does
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
  try {
    return readdirSync(join(directory, below)).sort();
  } catch {
    return [];
  }
}
