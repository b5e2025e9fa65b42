import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Corrupt, readRecord } from '../core/record.js';
import { bootId } from '../host/process.js';
import type { StateVersions } from '../state/versions.js';
import { keepLooked } from '../store/cache.js';
import { changeIds, changePath, tryReadChange } from '../store/change-files.js';
import type { Root } from '../store/root.js';
import type { Change } from './ledger.js';

/** What of a change tells which release reads which state. */
export interface PastChange {
  id: string;
  kind: string;
  status: string | null;
  from: string | null;
  to: string | null;
  /** A state was put back with it. */
  restores: boolean;
  /** The versions of the state before it and after it, where they are known. */
  before: StateVersions | null;
  after: StateVersions | null;
}

/**
 * `history-index.json`: what was found in the records of changes that have their end. The records are the truth, and whatever acts
 * reads them; this is for those who look, and is lost at no loss.
 */
export interface EndedRecord {
  schema: 1;
  /** The boot of the machine in which the records were read: a power cut could make them others, and look the same. */
  bootId: string;
  changes: Record<string, Omit<PastChange, 'id'> & { stamp: string }>;
}

/** What those see of the ledger who only look. */
export interface LedgerLook {
  /** All that can be understood, oldest first. */
  past: PastChange[];
  /** Those without a verdict. */
  open: Change[];
  /** Records that cannot be understood. */
  corrupt: Corrupt[];
}

/** So many that were read are worth writing down. */
const MANY = 50;

/** A file that has just been written can be written again and look the same; milliseconds. */
export const SETTLED_MS = 2_000;

/** Reads the records that are new, that have changed, and that have no end, and looks at the others from outside. */
export function tryReadLedger(root: Root): LedgerLook {
  const known = recall(root);
  const look: LedgerLook = { past: [], open: [], corrupt: [] };
  const ended: EndedRecord['changes'] = {};
  let added = 0;
  for (const id of changeIds(root)) {
    // Before it is read: of one that is replaced meanwhile, this is no stamp any more.
    const stamp = stampOf(changePath(root, id));
    const entry = known[id];
    if (entry && entry.stamp === stamp) {
      ended[id] = entry;
      look.past.push({ id, ...entry });
      continue;
    }
    const found = tryReadChange(root, id);
    if (found.state === 'corrupt') look.corrupt.push({ path: changePath(root, id), why: found.why });
    if (found.state !== 'read') continue;
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

/** The newest change that has its verdict, or null. */
export function lastEnded(root: Root, { past, open }: LedgerLook): Change | null {
  for (const { id } of past.toReversed()) {
    if (open.some((change) => change.id === id)) continue;
    const found = tryReadChange(root, id);
    if (found.state === 'read') return found.value as Change;
  }
  return null;
}

/** The same of a whole change. */
export function pastOf({ id, plan, status, facts }: Change): PastChange {
  return {
    ...{ id, kind: plan.kind, status, from: facts.from, to: facts.to },
    restores: facts.restore !== undefined,
    before: facts.versionsBefore ?? null,
    after: facts.versionsAfter ?? null,
  };
}

/** Null for one that is not there, or that may still be changed without looking so. */
function stampOf(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats || Date.now() - stats.ctimeMs < SETTLED_MS) return null;
  return `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
}

function pathOf(root: Root): string {
  return join(root.path, 'history-index.json');
}

function recall(root: Root): EndedRecord['changes'] {
  const found = readRecord<EndedRecord>(pathOf(root), 'history-index');
  return found.state === 'read' && found.value.bootId === bootId() ? found.value.changes : {};
}

function keep(root: Root, changes: EndedRecord['changes']): void {
  const record: EndedRecord = { schema: 1, bootId: bootId(), changes };
  keepLooked(root, pathOf(root), `${JSON.stringify(record)}\n`);
}
