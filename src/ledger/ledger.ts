import { randomBytes } from 'node:crypto';
import { type ErrorRecord, ReleasesError } from '../core/errors.js';
import { type Corrupt, recordText } from '../core/record.js';
import type { Count, Moment, Name } from '../core/scalars.js';
import { writeFileDurably } from '../host/durable.js';
import { identify, isAlive, type ProcessIdentity } from '../host/process.js';
import { changeIds, changePath, tryReadChange } from '../store/change-files.js';
import type { Root } from '../store/root.js';
import type { Facts } from './facts.js';
import type { Plan, StepName } from './plan.js';

export type StepState = 'doing' | 'done' | 'skipped' | 'failed' | 'undoing' | 'undone' | 'undo_failed';

export interface StepRecord {
  name: StepName;
  state: StepState;
  startedAt: string;
  /** Milliseconds of `do`. */
  ms?: number;
  /** One sentence for people: the result, or the reason for the skip. */
  note?: string;
}

export type ChangeStatus =
  | 'staged'
  | 'already_current'
  | 'package_update_failed'
  | 'package_updated_restart_scheduled'
  | 'package_updated_restart_failed'
  | 'package_updated_restart_verified'
  | 'rolled_back'
  | 'rollback_failed'
  | 'helper_never_ran'
  | 'drill_passed'
  | 'drill_failed';

/** `changes/<id>.json`: one attempt, rewritten whole before and after every step. */
export interface Change {
  schema: 1;
  id: Name;
  /** Small number for people, never given twice; absent in older records. */
  number?: Count;
  plan: Plan;
  owner: ProcessIdentity;
  /** True for a requester that answers the gateway and exits: the detached worker waits for that. */
  answersFirst?: boolean;
  startedAt: Moment;
  endedAt: Moment | null;
  status: ChangeStatus | null;
  steps: StepRecord[];
  facts: Facts;
  /** The first error, never one from the undo. */
  error: ErrorRecord | null;
  undoError: ErrorRecord | null;
  warnings: string[];
  recovery?: Recovery;
  /** Time when its verdict was handed to the notification of the root. */
  notifiedAt?: Moment;
}

export interface Recovery {
  outcome: 'finished' | 'undone';
  /** One sentence: the facts that led to this outcome. */
  why: string;
  /** ISO 8601. */
  at: string;
}

/** Place of a new change behind all others. */
export interface NextPlace {
  number: number;
  /** Id of the newest change; null without any. */
  after: string | null;
}

/**
 * Creates a change. Its id begins with a time and sorts behind all others, even after the clock was set back.
 * @param place from `nextPlace`; none for a change that is never stored
 */
export function newChange(plan: Plan, facts: Facts, place?: NextPlace): Change {
  const startedAt = new Date().toISOString();
  return {
    schema: 1,
    id: `${timeBehind(place?.after ?? '', startedAt)}-${plan.kind}-${randomBytes(2).toString('hex')}`,
    ...(place && { number: place.number }),
    plan,
    owner: ownIdentity(),
    startedAt,
    endedAt: null,
    status: null,
    steps: [],
    facts,
    error: null,
    undoError: null,
    warnings: [],
  };
}

/** Present time as ids have it, or the millisecond after that of an id from a clock that was ahead. */
function timeBehind(id: string, now: string): string {
  const [newest = ''] = id.split('-');
  const time = now.replace(/[-:.]/g, '');
  if (newest < time) return time;
  const iso = newest.replace(/^(.{4})(..)(..T..)(..)(..)(...)Z$/, '$1-$2-$3:$4:$5.$6Z');
  const ms = Date.parse(iso) + 1;
  return Number.isNaN(ms) ? time : new Date(ms).toISOString().replace(/[-:.]/g, '');
}

export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, startTicks: 0, bootId: '' };
}

/**
 * Writes the change whole and durably.
 * @param step names the write among the fault points of the tests
 */
export function saveChange(root: Root, change: Change, step?: StepRecord): void {
  const text = recordText(change);
  const moment = change.status ?? (step ? `${step.name} ${step.state}` : 'new');
  writeFileDurably(changePath(root, change.id), text, 0o600, `ledger: ${moment}`);
}

/** @throws ReleasesError `change_not_found` */
export function readChange(root: Root, id: string): Change {
  const found = tryReadChange(root, id);
  if (found.state === 'ok') return found.value as Change;
  const corrupt = found.state === 'corrupt';
  const message = corrupt
    ? `${changePath(root, id)} ${found.why}, so nothing is known of that change.`
    : `There is no record of a change ${id}.`;
  throw new ReleasesError('change_not_found', message, {
    hint: `openclaw-releases ${corrupt ? 'recover' : 'history'}`,
  });
}

export function findChange(root: Root, id: string): Change | null {
  const found = tryReadChange(root, id);
  return found.state === 'ok' ? (found.value as Change) : null;
}

export interface Ledger {
  /** Oldest first. */
  changes: Change[];
  corrupt: Corrupt[];
}

/** Reads all records. At most 200 are there, and they cost `list` half of a bare Node, so nothing is cached. */
export function tryReadLedger(root: Root): Ledger {
  const ledger: Ledger = { changes: [], corrupt: [] };
  for (const id of changeIds(root)) {
    const found = tryReadChange(root, id);
    if (found.state === 'ok') ledger.changes.push(found.value as Change);
    if (found.state === 'corrupt') ledger.corrupt.push({ path: changePath(root, id), why: found.why });
  }
  return ledger;
}

/** All changes that are not corrupt, oldest first. */
export function listChanges(root: Root): Change[] {
  return tryReadLedger(root).changes;
}

/** The newest `count` records that are not corrupt, oldest first; reads no others. */
export function newestChanges(root: Root, count: number): Change[] {
  return changeIds(root)
    .slice(-count)
    .flatMap((id) => findChange(root, id) ?? []);
}

/** Changes without a verdict, active or interrupted. */
export function unfinishedChanges(root: Root): Change[] {
  return listChanges(root).filter((change) => change.endedAt === null);
}

/** False for a dead owner, even if the record has no end. */
export function isActive(change: Change): boolean {
  return change.endedAt === null && isAlive(change.owner);
}

export function stepOf(change: Change, name: StepName): StepRecord | undefined {
  return change.steps.find((step) => step.name === name);
}

/** Returns true after `commit`: then neither a failure nor a Ctrl-C undoes anything. */
export function isProven(change: Change): boolean {
  return stepOf(change, 'commit')?.state === 'done';
}

export function neverRan(why: string): ErrorRecord {
  return {
    code: 'helper_never_ran',
    message: `The process that was to make the change never did. ${why}`,
    untouched: 'Nothing was changed.',
    hint: 'openclaw-releases status; then the same command again',
  };
}
