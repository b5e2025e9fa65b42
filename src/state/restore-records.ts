import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { type RecordKind, readRecord, recordText } from '../core/record.js';
import type { Count, Milliseconds, Moment, Name, PathBelow } from '../core/scalars.js';
import { removeDurably, renameDurably, writeFileDurably } from '../host/durable.js';
import type { RootPlace, StatePlace } from './place.js';
import { KEPT } from './snapshot-layout.js';
import type { Snapshot, SnapshotScope } from './snapshots.js';

export interface RestorePaths {
  return: string;
  restore: string;
  lastRestore: string;
}

/** Restore of a state: today's state is displaced, and a snapshot or an earlier displaced state takes its place. */
export interface Restore {
  schema: 1;
  change: Name;
  /** Release of the state to restore; `current` points to it at the end. */
  release: Name;
  /** State to restore, a name below `states/`; when it is absent, nothing moves. */
  from: Name;
  /** Free name below `states/` for the displaced state, and the release that used it last. */
  aside: { name: Name; release: Name };
  place: StatePlace;
  /** Moves nothing when today's state still has the versions of `from`. */
  onlyIfChanged: boolean;
  /**
   * `pending`: nothing was done; `displacing`: today's state gets a second place; `putting-back`: the other replaces it;
   * `undoing`: that failed, and today's replaces it again.
   */
  phase: 'pending' | 'displacing' | 'putting-back' | 'undoing';
  /** Attempts that were undone, and a sentence about the last one. */
  failed?: { times: Count; why: string };
  /** Scope of `from`; known from the second phase on. */
  scope?: SnapshotScope;
  /** Paths that stay, besides those that always stay; known from the second phase on. */
  left?: PathBelow[];
}

export interface LastRestore {
  schema: 1;
  change: string;
  release: string;
  restored: boolean;
  /** One sentence: the result, or the reason why nothing moved. */
  why: string;
  /** Restored name; it no longer exists when `restored`. */
  from: string;
  /** Name of the displaced state; null when nothing moved. */
  aside: string | null;
  /** End. */
  at: Moment;
  /** Duration of the run that finished it. */
  ms: Milliseconds;
  warnings: string[];
}

/** Records the pair of release and state that the launcher restores if the coming trial fails. Durable. */
export function prepareReturn(root: RestorePaths, restore: Restore): void {
  write(root.return, restore);
}

/** Removes that record once the trial ended in success or never began. Durable; absent is fine. */
export function endReturn(root: RestorePaths): void {
  if (lstatSync(root.return, { throwIfNoEntry: false })) removeDurably(root.return);
}

/**
 * Makes `trial-restore.json` the restore that must finish before any gateway starts. One rename, durable.
 * @returns false when there is none
 * @throws ReleasesError `interrupted` when another restore is half done: half of a state fits no release
 */
export function beginReturn(root: RestorePaths): boolean {
  if (readRecord(root.return, 'restore').state === 'missing') return false;
  const begun = readRecord<Restore>(root.restore, 'restore');
  if (begun.state === 'corrupt' || (begun.state === 'ok' && begun.value.phase !== 'pending')) {
    throw new ReleasesError('interrupted', `Another exchange of the state is half done: ${root.restore}.`, {
      hint: 'Start the gateway, which finishes it first, or look at what that says.',
      untouched: 'Nothing more was moved.',
    });
  }
  renameDurably(root.return, root.restore);
  return true;
}

/** Bytes per second of the slowest disk that a change waits for. */
const SLOWEST = 8 * 2 ** 20;

/** Longest time of a restore, in milliseconds, where both states are copied since nothing can be linked; 0 without one. */
export function restoreLimitMs({ states }: Pick<RootPlace, 'states'>, restore: Restore | null): number {
  const kept = restore && readRecord<Snapshot>(join(states, restore.from, KEPT.record), 'kept-state');
  return kept?.state === 'ok' ? Math.ceil((2 * kept.value.bytes * 1000) / SLOWEST) : 0;
}

/** Requests a restore before the next start of a gateway. Durable. */
export function requestRestore(root: RestorePaths, restore: Restore): void {
  write(root.restore, restore);
}

/** Withdraws the request, durably; false when a file was already moved, or nothing valid was requested. */
export function cancelRestore(root: RestorePaths): boolean {
  if (readRestore(root)?.phase !== 'pending') return false;
  removeDurably(root.restore);
  return true;
}

/** Reads `trial-restore.json`; null when absent or corrupt. */
export function readReturn(root: RestorePaths): Restore | null {
  return read<Restore>(root.return, 'restore');
}

export function readRestore(root: RestorePaths): Restore | null {
  return read<Restore>(root.restore, 'restore');
}

export function lastRestore(root: RestorePaths): LastRestore | null {
  return read<LastRestore>(root.lastRestore, 'restore-result');
}

function read<T>(path: string, kind: RecordKind): T | null {
  const found = readRecord<T>(path, kind);
  return found.state === 'ok' ? found.value : null;
}

function write(path: string, restore: Restore): void {
  writeFileDurably(path, recordText(restore), 0o600);
}
