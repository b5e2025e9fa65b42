import { lstatSync } from 'node:fs';
import { ReleasesError } from '../core/errors.js';
import { type RecordKind, readRecord } from '../core/record.js';
import { removeDurably, renameDurably, writeFileDurably } from '../host/durable.js';
import type { StatePlace } from './place.js';
import type { SnapshotScope } from './snapshots.js';

/** The paths of a root that say what is to become of the state; the store's root has them all. */
export interface RestorePaths {
  /** `trial-restore.json`. */
  return: string;
  /** `restore.json`. */
  restore: string;
  /** `restore-result.json`. */
  lastRestore: string;
}

/** An exchange of the state: what is there now is kept under another name, and what was kept is put in its place. */
export interface Restore {
  schema: 1;
  /** The change that asked for it. */
  change: string;
  /** The release that the state belongs to; `current` points to it when the exchange is done. */
  release: string;
  /** What is put back: a name below `states/`. Where it is not there, nothing is moved. */
  from: string;
  /** What the state that is there now is kept as, a name below `states/` that is free, and the release that used it last. */
  aside: { name: string; release: string };
  place: StatePlace;
  /** Nothing is moved when the versions of the state are still those of `from`. */
  onlyIfChanged: boolean;
  /** Nothing was moved yet; the present state is being moved out; the kept one is being moved in. */
  phase: 'pending' | 'setting-aside' | 'putting-back';
  /** How much of the state is exchanged, as much as was kept; known from the second phase on. */
  scope?: SnapshotScope;
  /** Paths below the state directory that stay, besides those that always do; known from the second phase on. */
  left?: string[];
}

/** What the last exchange did. */
export interface LastRestore {
  schema: 1;
  change: string;
  /** The release that `current` points to since. */
  release: string;
  /** Whether the state was exchanged. */
  restored: boolean;
  /** One sentence: what was done, or why nothing was moved. */
  why: string;
  /** What was put back; it is used up when `restored`. */
  from: string;
  /** What the state of before is kept as; null when nothing was moved. */
  aside: string | null;
  /** When it ended, ISO 8601. */
  at: string;
  /** Milliseconds, of the run that finished it. */
  ms: number;
  warnings: string[];
}

/** Says which pair of code and state the launcher makes if the trial that begins now fails. Durable. */
export function prepareReturn(root: RestorePaths, restore: Restore): void {
  write(root.return, restore);
}

/** There is nothing to return to any more, since the trial ended well or never began. Durable; none is fine. */
export function endReturn(root: RestorePaths): void {
  if (lstatSync(root.return, { throwIfNoEntry: false })) removeDurably(root.return);
}

/**
 * From here on the pair of `trial-restore.json` is what must be made before any gateway starts. One rename, durable.
 * @returns false when there is none
 * @throws ReleasesError `interrupted` when another exchange is half done: it must be finished first, since half of
 *   a state belongs to neither pair
 */
export function beginReturn(root: RestorePaths): boolean {
  if (readRecord(root.return, 'restore').state === 'absent') return false;
  const begun = readRecord<Restore>(root.restore, 'restore');
  if (begun.state === 'corrupt' || (begun.state === 'read' && begun.value.phase !== 'pending')) {
    throw new ReleasesError('interrupted', `Another exchange of the state is half done: ${root.restore}.`, {
      hint: 'Start the gateway, which finishes it first, or look at what that says.',
      untouched: 'Nothing more was moved.',
    });
  }
  renameDurably(root.return, root.restore);
  return true;
}

/** Asks for an exchange before the next start of a gateway. Durable. */
export function requestRestore(root: RestorePaths, restore: Restore): void {
  write(root.restore, restore);
}

/**
 * Takes that back, durably.
 * @returns false when something was moved already, when nothing was asked for, or when it cannot be understood
 */
export function cancelRestore(root: RestorePaths): boolean {
  if (readRestore(root)?.phase !== 'pending') return false;
  removeDurably(root.restore);
  return true;
}

/** `trial-restore.json`, or null when there is none or it cannot be understood. */
export function readReturn(root: RestorePaths): Restore | null {
  return read<Restore>(root.return, 'restore');
}

/** `restore.json`, likewise. */
export function readRestore(root: RestorePaths): Restore | null {
  return read<Restore>(root.restore, 'restore');
}

/** `restore-result.json`, likewise. */
export function lastRestore(root: RestorePaths): LastRestore | null {
  return read<LastRestore>(root.lastRestore, 'restore-result');
}

function read<T>(path: string, kind: RecordKind): T | null {
  const found = readRecord<T>(path, kind);
  return found.state === 'read' ? found.value : null;
}

function write(path: string, restore: Restore): void {
  writeFileDurably(path, `${JSON.stringify(restore, null, 2)}\n`, 0o600);
}
