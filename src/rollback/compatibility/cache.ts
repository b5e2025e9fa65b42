import { join } from 'node:path';
import { readRecord } from '../../core/record.js';
import type { StateVersions } from '../../state/versions.js';
import { areSame } from '../../state/versions-on-disk.js';
import { writeCache } from '../../store/cache.js';
import type { Root } from '../../store/root.js';
import type { Reads } from './rules.js';

/** `compatibility.json`, a cache of costly checks; a lost or corrupt one is made again. */
export interface CompatibilityRecord {
  schema: 1;
  /** Fingerprint of the state when `today` was read; see `lookOf`. */
  look: string;
  today: StateVersions | null;
  answers: Record<string, Answer>;
}

/** `at` is ISO 8601. */
type Answer = Reads & { versions: StateVersions; at: string };

const EMPTY: CompatibilityRecord = { schema: 1, look: '', today: null, answers: {} };

export function readCachedVersions(root: Root): { look: string; versions: StateVersions } | null {
  const { look, today } = readReadable(root);
  return today && { look, versions: today };
}

export function cacheVersions(root: Root, look: string, today: StateVersions): void {
  write(root, { ...readReadable(root), look, today });
}

export function readCachedVerdict(
  { answers }: CompatibilityRecord,
  id: string,
  versions: StateVersions,
): Reads | null {
  const answer = answers[id];
  if (!answer || !areSame(answer.versions, versions)) return null;
  const { versions: _, at: __, ...reads } = answer;
  return reads;
}

export function cacheVerdict(root: Root, id: string, versions: StateVersions, found: Reads): void {
  const record = readReadable(root);
  const answer: Answer = { ...found, versions, at: new Date().toISOString() };
  write(root, { ...record, answers: { ...record.answers, [id]: answer } });
}

function pathOf(root: Root): string {
  return join(root.path, 'compatibility.json');
}

export function readReadable(root: Root): CompatibilityRecord {
  const found = readRecord<CompatibilityRecord>(pathOf(root), 'compatibility');
  return found.state === 'ok' ? found.value : EMPTY;
}

/** Two writers may race: the last one wins, and the other check runs again later. */
function write(root: Root, record: CompatibilityRecord): void {
  writeCache(root, pathOf(root), `${JSON.stringify(record, null, 2)}\n`);
}
