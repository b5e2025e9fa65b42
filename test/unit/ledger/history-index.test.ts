import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type EndedRecord, lastEnded, SETTLED_MS, tryReadLedger } from '../../../src/ledger/history-index.js';
import { type Change, newChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { changePath } from '../../../src/store/change-files.js';
import type { Root } from '../../../src/store/root.js';
import { temporaryRoot } from '../../support/place.js';

const MANY = 60;

afterEach(() => {
  vi.useRealTimers();
});

function write(root: Root, at: number, more: Partial<Change> = {}): Change {
  const id = `20260101T${String(at).padStart(9, '0')}Z-switch-0000`;
  const plan = planChange('switch', `2026.1.${at}`);
  const made = newChange(plan, { from: null, previous: null, to: `2026.1.${at}` });
  const ended = { endedAt: made.startedAt, status: 'package_updated_restart_verified' as const };
  const change: Change = { ...made, ...ended, ...more, id };
  writeFileSync(changePath(root, id), JSON.stringify(change));
  return change;
}

/** Makes a ledger of so many changes that was read once they were old enough, and the cache of that. */
function lookedAt(): { root: Root; path: string; changes: Change[] } {
  const root = temporaryRoot();
  const changes = Array.from({ length: MANY }, (_, at) => write(root, at));
  const path = join(root.path, 'history-index.json');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * SETTLED_MS });
  tryReadLedger(root);
  expect(existsSync(path)).toBe(true);
  return { root, path, changes };
}

function edit(path: string, change: (record: EndedRecord) => void): void {
  const record = JSON.parse(readFileSync(path, 'utf8')) as EndedRecord;
  change(record);
  writeFileSync(path, JSON.stringify(record));
}

/** Releases of the changes that were read. */
const seen = (root: Root) => tryReadLedger(root).past.map(({ to }) => to);

test('a record of an ended change is read once', () => {
  const { root, path, changes } = lookedAt();
  expect(seen(root)).toEqual(changes.map(({ facts }) => facts.to));
  edit(path, (record) => {
    for (const entry of Object.values(record.changes)) entry.to = 'not read again';
  });
  expect(new Set(seen(root))).toEqual(new Set(['not read again']));
});

test('a record that is torn or replaced afterwards is read again', () => {
  const { root, changes } = lookedAt();
  const [torn, replaced] = changes as [Change, Change];
  truncateSync(changePath(root, torn.id), 100);
  write(root, 1, { facts: { ...replaced.facts, to: 'another' } });
  const look = tryReadLedger(root);
  expect(look.corrupt).toEqual([{ path: changePath(root, torn.id), why: 'is not whole JSON' }]);
  expect(look.past.map(({ to }) => to)).toEqual([
    'another',
    ...changes.slice(2).map(({ facts }) => facts.to),
  ]);
});

test('a record that is removed is no longer listed', () => {
  const { root, changes } = lookedAt();
  rmSync(changePath(root, changes[3]?.id ?? ''));
  expect(seen(root)).toEqual(changes.filter((_, at) => at !== 3).map(({ facts }) => facts.to));
});

test('an open change is read each time, however old, and the last change is the newest that has ended', () => {
  const { root, changes } = lookedAt();
  const { id } = write(root, 5, { endedAt: null, status: null });
  write(root, MANY, { endedAt: null, status: null });
  const look = tryReadLedger(root);
  expect(look.open.map((change) => change.id)).toEqual([id, look.past.at(-1)?.id]);
  expect(lastEnded(root, look)).toEqual(changes.at(-1));
  write(root, 5);
  expect(tryReadLedger(root).open).toHaveLength(1);
});

test.each<[string, (path: string) => void]>([
  [
    'was written in another boot of the machine',
    (path) => edit(path, (record) => Object.assign(record, { bootId: 'x' })),
  ],
  ['is torn', (path) => truncateSync(path, 200)],
  ['is of another schema', (path) => writeFileSync(path, '{"schema": 2}')],
])('the cache is not used when it %s', (_, damage) => {
  const { root, path, changes } = lookedAt();
  edit(path, (record) => {
    for (const entry of Object.values(record.changes)) entry.to = 'believed';
  });
  damage(path);
  expect(seen(root)).toEqual(changes.map(({ facts }) => facts.to));
});

test('a ledger that was just written is not cached: it could be written again and look the same', () => {
  const root = temporaryRoot();
  for (let at = 0; at < MANY; at++) write(root, at);
  tryReadLedger(root);
  expect(existsSync(join(root.path, 'history-index.json'))).toBe(false);
});
