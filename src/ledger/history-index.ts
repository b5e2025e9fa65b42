import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type Corrupt, readRecord } from '../core/record.js';
import { bootId } from '../host/process.js';
import type { StateVersions } from '../state/versions.js';
import { writeCache } from '../store/cache.js';
import { changeIds, changePath, tryReadChange } from '../store/change-files.js';
import type { Root } from '../store/root.js';
import type { Change } from './ledger.js';

/** The part of a change that shows which release can read which state. */
export interface PastChange {
  id: string;
  kind: string;
  status: string | null;
  from: string | null;
  to: string | null;
  restores: boolean;
  before: StateVersions | null;
  after: StateVersions | null;
}

/** `history-index.json`: a cache of ended changes, for read-only commands alone; it can be lost without harm. */
export interface EndedRecord {
  schema: 1;
  /** Boot id of the reading. After a power cut a record may differ and still have the same stamp. */
  bootId: string;
  changes: Record<string, Omit<PastChange, 'id'> & { stamp: string }>;
}

export interface LedgerLook {
  past: PastChange[];
  open: Change[];
  corrupt: Corrupt[];
}

const MANY = 50;

/** Milliseconds; a file as young as this can be rewritten without a visible change of its stamp. */
export const SETTLED_MS = 2_000;

/** Reads only records that are new, changed or without an end; takes the others from the cache. */
export function tryReadLedger(root: Root): LedgerLook {
  const known = recall(root);
  const look: LedgerLook = { past: [], open: [], corrupt: [] };
  const ended: EndedRecord['changes'] = {};
  let added = 0;
  for (const id of changeIds(root)) {
    // Before the read: if the file is replaced meanwhile, this stamp no longer matches.
    const stamp = stampOf(changePath(root, id));
    const entry = known[id];
    if (entry && entry.stamp === stamp) {
      ended[id] = entry;
      look.past.push({ id, ...entry });
      continue;
    }
    const found = tryReadChange(root, id);
    if (found.state === 'corrupt') look.corrupt.push({ path: changePath(root, id), why: found.why });
    if (found.state !== 'ok') continue;
    const change = found.value as Change;
    const past = pastOf(change);
    look.past.push(past);
    if (change.endedAt === null) look.open.push(change);
    else if (stamp !== null) {
      const { id: _, ...rest } = past;
      ended[id] = { ...rest, stamp };
      added++;
    }
  }
  if (added >= MANY) keep(root, ended);
  return look;
}

export function lastEnded(root: Root, { past, open }: LedgerLook): Change | null {
  for (const { id } of past.toReversed()) {
    if (open.some((change) => change.id === id)) continue;
    const found = tryReadChange(root, id);
    if (found.state === 'ok') return found.value as Change;
  }
  return null;
}

export function pastOf({ id, plan, status, facts }: Change): PastChange {
  return {
    ...{ id, kind: plan.kind, status, from: facts.from, to: facts.to },
    restores: facts.restore !== undefined,
    before: facts.versionsBefore ?? null,
    after: facts.versionsAfter ?? null,
  };
}

/** Null for a missing file, or one too young for a reliable stamp. */
function stampOf(path: string): string | null {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats || Date.now() - stats.ctimeMs < SETTLED_MS) return null;
  return `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
}

function pathOf(root: Root): string {
  return join(root.path, 'history-index.json');
}

function recall(root: Root): EndedRecord['changes'] {
  const found = readRecord<EndedRecord>(pathOf(root), 'history-index');
  return found.state === 'ok' && found.value.bootId === bootId() ? found.value.changes : {};
}

function keep(root: Root, changes: EndedRecord['changes']): void {
  const record: EndedRecord = { schema: 1, bootId: bootId(), changes };
  writeCache(pathOf(root), `${JSON.stringify(record)}\n`);
}
