import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';
import { type Corrupt, readRecord } from '../core/record.js';
import type { Count, Moment, Name, PathBelow } from '../core/scalars.js';
import { removeDurably, renameDurably } from '../host/durable.js';
import type { RootPlace, StatePlace } from './place.js';
import { KEPT } from './snapshot-layout.js';
import type { StateVersions } from './versions.js';

/** `states/<name>/state.json`, written last: a directory that has it is complete. */
export interface Snapshot {
  schema: 1;
  name: Name;
  /** `snapshot` is a copy; `displaced` was live until a restore moved it. */
  kind: 'snapshot' | 'displaced';
  release: Name;
  change: string;
  /** Start of the copy. Later writes may be missing. */
  at: Moment;
  place: StatePlace;
  /** Absent means `all`. */
  scope?: SnapshotScope;
  /** Null where they could not be read. */
  versions: StateVersions | null;
  /** Paths excluded besides those that always are; see `leftOf`. Absent means none. */
  left?: PathBelow[];
  /** Files and links, without history. */
  files: Count;
  /** Bytes of these files. */
  bytes: Count;
  /** Milliseconds that the copy took. */
  ms?: Count;
}

/** `all` covers everything with scope `state`; `config` covers only the configuration. */
export type SnapshotScope = 'all' | 'config';

const NAME = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,255}$/;

export function keptName(release: string, kind: Snapshot['kind'], at = new Date()): string {
  return `${release}-${kind}-${at.toISOString().replace(/[-:.]/g, '')}`;
}

/**
 * Returns the directory of a snapshot or displaced state.
 * @throws ReleasesError `usage` for a name that could lead to another place
 */
export function keptDirectory(root: RootPlace, name: string): string {
  if (NAME.test(name) && !name.includes('..')) return join(root.states, name);
  throw new ReleasesError('usage', `${JSON.stringify(name)} is not the name of a snapshot.`, {
    hint: `ls ${root.states}`,
  });
}

/** Reads all snapshots and displaced states, oldest first by `at`, and lists the corrupt records. */
export function tryReadSnapshot(root: RootPlace): { kept: Snapshot[]; corrupt: Corrupt[] } {
  const kept: Snapshot[] = [];
  const corrupt: Corrupt[] = [];
  for (const name of namesIn(root.states)) {
    const path = join(root.states, name, KEPT.record);
    const found = readRecord<Snapshot>(path, 'kept-state');
    if (found.state === 'corrupt') corrupt.push({ path, why: found.why });
    if (found.state !== 'ok') continue;
    if (found.value.name === name) kept.push(found.value);
    else corrupt.push({ path, why: `is about ${found.value.name}, not ${name}` });
  }
  kept.sort((a, b) => (a.at < b.at ? -1 : 1));
  return { kept, corrupt };
}

export function listSnapshots(root: RootPlace): Snapshot[] {
  return tryReadSnapshot(root).kept;
}

/**
 * Removes a snapshot or displaced state; absent is fine.
 * @throws ReleasesError `usage` for an invalid name
 */
export function removeKept(root: RootPlace, name: string): void {
  retireKept(root, name);
  removeRetired(root, name);
}

/**
 * Moves a snapshot or displaced state to `staging/`, durably: half of one must not be restored. Without its record it is
 * none either, where no rename moves it.
 */
export function retireKept(root: RootPlace, name: string): void {
  const kept = keptDirectory(root, name);
  if (!isThere(kept)) return;
  mkdirSync(root.staging, { recursive: true, mode: 0o700 });
  try {
    renameDurably(kept, retiredAt(root, name), 'used up');
  } catch {
    removeDurably(join(kept, KEPT.record));
  }
}

/** Removes what was retired under this name, also by a run that was interrupted. */
export function removeRetired(root: RootPlace, name: string): void {
  for (const path of [retiredAt(root, name), keptDirectory(root, name)]) {
    if (!isThere(path) || (path !== retiredAt(root, name) && isThere(join(path, KEPT.record)))) continue;
    openDirectories(path);
    rmSync(path, { recursive: true, force: true });
  }
}

const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

const retiredAt = (root: RootPlace, name: string) => join(root.staging, `removed-${name}`);

/** Makes directories writable: a read-only one cannot be emptied. */
function openDirectories(path: string): void {
  if ((lstatSync(path).mode & 0o700) !== 0o700) chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openDirectories(join(path, entry.name));
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => NAME.test(name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
