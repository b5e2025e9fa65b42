import { join } from 'node:path';
import { readRecord } from '../../core/record.js';
import type { StateVersions } from '../../state/versions.js';
import { writeCache } from '../../store/cache.js';
import type { Root } from '../../store/root.js';

/** `compatibility.json`, a cache of what SQLite told of the state; a lost or corrupt one is made again. */
export interface CompatibilityRecord {
  schema: 1;
  /** Fingerprint of the state when `today` was read; see `lookOf`. */
  look: string;
  today: StateVersions;
}

export function readCachedVersions(root: Root): { look: string; versions: StateVersions } | null {
  const found = readRecord<CompatibilityRecord>(pathOf(root), 'compatibility');
  return found.state === 'ok' ? { look: found.value.look, versions: found.value.today } : null;
}

/** Two writers may race: the last one wins, and the other reads the state again later. */
export function cacheVersions(root: Root, look: string, today: StateVersions): void {
  const record: CompatibilityRecord = { schema: 1, look, today };
  writeCache(pathOf(root), `${JSON.stringify(record, null, 2)}\n`);
}

function pathOf(root: Root): string {
  return join(root.path, 'compatibility.json');
}
