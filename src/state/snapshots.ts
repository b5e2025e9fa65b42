import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';
import { type Corrupt, readRecord } from '../core/record.js';
import { fsyncDirectory } from '../host/durable.js';
import type { RootPlace, StatePlace } from './place.js';
import { KEPT } from './snapshot-layout.js';
import type { StateVersions } from './versions.js';

/** `states/<name>/state.json`: a state that was kept. Written last, so a directory that has it is a whole one. */
export interface KeptState {
  schema: 1;
  name: string;
  /** A `snapshot` is a copy; `displaced` is what was live and was moved away when another one was put back. */
  kind: 'snapshot' | 'displaced';
  /** The release whose state it is. */
  release: string;
  /** The change that kept it. */
  change: string;
  /** ISO 8601: when copying began. What was written after it may be missing. */
  at: string;
  place: StatePlace;
  /** Everything that is `state`, or the configuration alone; everything when absent. */
  scope?: SnapshotScope;
  /** Null where they could not be read. */
  versions: StateVersions | null;
  /** Paths in the state directory that were `left` besides those that always are; see `leftOf`. None when absent. */
  left?: string[];
  /** Files and links, history not counted. */
  files: number;
  /** Of these files. */
  bytes: number;
  /** How long the copy took; milliseconds. */
  ms?: number;
}

/** How much of a state is kept: everything that is `state`, or the configuration alone. */
export type SnapshotScope = 'all' | 'config';

const NAME = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,255}$/;

/** What a state that is kept now is called. */
export function keptName(release: string, kind: KeptState['kind'], at = new Date()): string {
  return `${release}-${kind}-${at.toISOString().replace(/[-:.]/g, '')}`;
}

/**
 * The directory of a kept state.
 * @throws ReleasesError `usage` for anything that could name another place
 */
export function keptDirectory(root: RootPlace, name: string): string {
  if (NAME.test(name) && !name.includes('..')) return join(root.states, name);
  throw new ReleasesError('usage', `${JSON.stringify(name)} is not the name of a kept state.`, {
    hint: `ls ${root.states}`,
    untouched: 'Nothing was changed.',
  });
}

/** Every kept state, oldest first by `at`, and the records of which nothing can be understood. */
export function tryReadSnapshot(root: RootPlace): { kept: KeptState[]; corrupt: Corrupt[] } {
  const kept: KeptState[] = [];
  const corrupt: Corrupt[] = [];
  for (const name of namesIn(root.states)) {
    const path = join(root.states, name, KEPT.record);
    const found = readRecord<KeptState>(path, 'kept-state');
    if (found.state === 'corrupt') corrupt.push({ path, why: found.why });
    if (found.state !== 'read') continue;
    if (found.value.name === name) kept.push(found.value);
    else corrupt.push({ path, why: `is about ${found.value.name}, not ${name}` });
  }
  kept.sort((a, b) => (a.at < b.at ? -1 : 1));
  return { kept, corrupt };
}

/** Every kept state that can be understood, oldest first by `at`. */
export function listKept(root: RootPlace): KeptState[] {
  return tryReadSnapshot(root).kept;
}

/** The newest kept state of a release, or null. */
export function keptOf(root: RootPlace, release: string): KeptState | null {
  return listKept(root).findLast((kept) => kept.release === release) ?? null;
}

/**
 * Removes a kept state; one that is not there is fine. It first moves to `staging/`: what is half removed must not be put back.
 * Transcripts that are history elsewhere too are not touched by it.
 * @throws ReleasesError `usage` for a name that is none
 */
export function removeKept(root: RootPlace, name: string): void {
  const doomed = join(root.staging, `removed-${name}-${randomBytes(4).toString('hex')}`);
  mkdirSync(root.staging, { recursive: true, mode: 0o700 });
  try {
    renameSync(keptDirectory(root, name), doomed);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  fsyncDirectory(root.states);
  openDirectories(doomed);
  rmSync(doomed, { recursive: true, force: true });
}

/** A directory that was closed to changes, by whoever made it, cannot be emptied. */
function openDirectories(path: string): void {
  chmodSync(path, 0o700);
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
