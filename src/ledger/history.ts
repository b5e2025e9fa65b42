import { ReleasesError } from '../core/errors.js';
import { type RecordResult, readRecord, recordText } from '../core/record.js';
import type { Count } from '../core/scalars.js';
import { writeFileDurably } from '../host/durable.js';
import { changeIds } from '../store/change-files.js';
import type { Root } from '../store/root.js';
import { type Change, listChanges, type NextPlace } from './ledger.js';

/** Remainder of a change whose record was removed from the ledger. */
export interface PastLine {
  change: string;
  /** Absent in older records. */
  number?: Count;
  kind: string;
  target: string;
  from: string | null;
  to: string | null;
  status: string;
  /** ISO 8601, as `endedAt`. */
  startedAt: string;
  endedAt: string;
  /** Code of its error. */
  error: string | null;
}

/** `history.json`: changes that the ledger has no record of any more. */
export interface History {
  schema: 1;
  /** Oldest first. */
  changes: PastLine[];
}

/** About half a megabyte, and more than five years of daily updates. */
const MOST_LINES = 2_000;

export function tryReadHistory(root: Root): RecordResult<History> {
  return readRecord<History>(root.history, 'history');
}

/** Adds lines, each change once. The oldest go where there are too many. */
export function addToHistory(root: Root, earlier: readonly PastLine[], added: readonly PastLine[]): void {
  const byId = new Map([...earlier, ...added].map((line) => [line.change, line]));
  const changes = [...byId.values()].toSorted((a, b) => (a.change < b.change ? -1 : 1)).slice(-MOST_LINES);
  const history: History = { schema: 1, changes };
  writeFileDurably(root.history, recordText(history, 0), 0o600);
}

/** @returns null for a change without an end */
export function pastLine({
  id,
  number,
  plan,
  facts,
  status,
  startedAt,
  endedAt,
  error,
}: Change): PastLine | null {
  if (endedAt === null || status === null) return null;
  const { kind, target } = plan;
  const { from, to } = facts;
  return {
    change: id,
    ...(number !== undefined && { number }),
    kind,
    target,
    from,
    to,
    status,
    startedAt,
    endedAt,
    error: error?.code ?? null,
  };
}

/** Place of the next change: its number is one more than any that a record has. Only for the holder of the lock. */
export function nextPlace(root: Root): NextPlace {
  const number = Math.max(0, ...pastLines(root).map(numberOf), ...listChanges(root).map(numberOf)) + 1;
  return { number, after: changeIds(root).findLast((id) => /^\d{8}T/.test(id)) ?? null };
}

/**
 * Finds a change by its number or id; a line where its record is not kept any more.
 * @throws ReleasesError `change_not_found`
 */
export function changeNamed(root: Root, name: string): Change | PastLine {
  const isNumber = /^\d{1,9}$/.test(name);
  const isMeant = (number: number | undefined, id: string) =>
    isNumber ? number === Number(name) : id === name;
  const past = () => pastLines(root).find(({ number, change }) => isMeant(number, change));
  const found = listChanges(root).find(({ number, id }) => isMeant(number, id)) ?? past();
  if (found) return found;
  throw new ReleasesError('change_not_found', `There is no record of a change ${JSON.stringify(name)}.`, {
    hint: 'openclaw-releases history',
  });
}

function pastLines(root: Root): PastLine[] {
  const past = tryReadHistory(root);
  return past.state === 'ok' ? past.value.changes : [];
}

const numberOf = ({ number = 0 }: { number?: number }) => number;
