import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gcRoots } from '../../../src/change/gc-roots.js';
import { trimLedger } from '../../../src/change/trim-ledger.js';
import type { Facts } from '../../../src/ledger/facts.js';
import { type History, tryReadHistory } from '../../../src/ledger/history.js';
import { type Change, listChanges, newChange, saveChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { readPast } from '../../../src/rollback/compatibility/rules.js';
import { knownGoodReleases } from '../../../src/rollback/known-good.js';
import { changeIds } from '../../../src/store/change-files.js';
import type { Root } from '../../../src/store/root.js';
import { temporaryRoot } from '../../support/place.js';
import { sealTinyRelease } from '../../support/release.js';

const [OLD, NEW] = ['2026.5.1', '2026.6.1'];
const DAY_MS = 86_400_000;

let root: Root;
let saved: number;

beforeEach(async () => {
  root = temporaryRoot();
  saved = 0;
  for (const id of [OLD, NEW]) await sealTinyRelease(root, id);
});

afterEach(() => {
  delete process.env.OPENCLAW_RELEASES_FAULT;
});

/** Records a change of the next day. */
function save(facts: Partial<Facts> = {}, over: Partial<Change> = {}): string {
  const change = newChange(planChange('update', NEW), { from: null, previous: null, to: null, ...facts });
  const startedAt = new Date(Date.parse('2020-01-01') + DAY_MS * saved++).toISOString();
  const id = `${startedAt.replace(/[-:.]/g, '')}-update-0000`;
  saveChange(root, { ...change, id, startedAt, endedAt: startedAt, status: 'rolled_back', ...over });
  return id;
}

const saveMany = (count: number) => Array.from({ length: count }, () => save());
const lines = () => {
  const found = tryReadHistory(root);
  return found.state === 'ok' ? found.value.changes.map(({ change }) => change) : found.state;
};

test('200 records stay as they are', () => {
  const ids = saveMany(200);
  trimLedger(root);
  expect(changeIds(root)).toEqual(ids);
  expect(lines()).toBe('missing');
});

test('older records become one line each, which the next call keeps', () => {
  const ids = saveMany(203);
  trimLedger(root);
  expect(changeIds(root)).toEqual(ids.slice(3));
  expect(lines()).toEqual(ids.slice(0, 3));
  const more = saveMany(2);
  trimLedger(root);
  expect(changeIds(root)).toEqual([...ids.slice(5), ...more]);
  expect(lines()).toEqual(ids.slice(0, 5));
  expect((JSON.parse(readFileSync(root.history, 'utf8')) as History).changes[0]).toEqual({
    change: ids[0],
    kind: 'update',
    target: NEW,
    from: null,
    to: null,
    status: 'rolled_back',
    startedAt: '2020-01-01T00:00:00.000Z',
    endedAt: '2020-01-01T00:00:00.000Z',
    error: null,
  });
});

test('the newest record of each fact about a release here stays, and all answers stay the same', () => {
  const versions = { databases: { 'state/openclaw.sqlite': 3 }, config: OLD };
  const place = { directory: join(root.path, 'state') } as NonNullable<Facts['place']>;
  const baseline = { health: { ready: true }, release: OLD } as unknown as NonNullable<Facts['baseline']>;
  const verified = { status: 'package_updated_restart_verified' } as const;
  const superseded = save({ to: NEW }, verified);
  const needed = [
    save({ to: NEW }, verified),
    save({ from: OLD, baseline }),
    save({ from: OLD, versionsBefore: versions }),
    save({ to: NEW, versionsAfter: versions }),
    save({ from: OLD, plugins: { before: [] } as unknown as NonNullable<Facts['plugins']> }),
    save({ place }),
    save({}, { endedAt: null, status: null }),
  ];
  const gone = save({ to: '2026.1.1' }, verified);
  saveMany(200);
  const answers = () => ({
    good: knownGoodReleases(root),
    left: [...readPast(root).left],
    roots: [...gcRoots(root)],
  });
  const before = answers();
  trimLedger(root);
  expect(changeIds(root).slice(0, -200)).toEqual(needed);
  expect(lines()).toEqual([superseded, gone]);
  expect(answers()).toEqual(before);
});

test('the record that a snapshot names stays', () => {
  const [first = '', ...others] = saveMany(202);
  const directory = join(root.states, 'kept');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const place = { directory: '/state', config: null, databases: [] };
  writeFileSync(
    join(directory, 'state.json'),
    JSON.stringify({
      ...{
        schema: 1,
        name: 'kept',
        kind: 'snapshot',
        release: OLD,
        change: first,
        at: '2026-06-01T00:00:00Z',
      },
      ...{ place, versions: null, files: 0, bytes: 0 },
    }),
  );
  trimLedger(root);
  expect(changeIds(root)[0]).toBe(first);
  expect(lines()).toEqual([others[0]]);
});

test('a call that ends between the two writes loses no change and doubles none', () => {
  const ids = saveMany(204);
  process.env.OPENCLAW_RELEASES_FAULT = 'throw after history';
  expect(() => trimLedger(root)).toThrow();
  delete process.env.OPENCLAW_RELEASES_FAULT;
  expect(changeIds(root)).toEqual(ids);
  trimLedger(root);
  expect(lines()).toEqual(ids.slice(0, 4));
  expect(listChanges(root).map(({ id }) => id)).toEqual(ids.slice(4));
});

test('a corrupt history is moved aside, and the next one begins', () => {
  const ids = saveMany(201);
  writeFileSync(root.history, '{');
  trimLedger(root);
  expect(lines()).toEqual(ids.slice(0, 1));
  expect(readdirSync(join(root.path, 'corrupt'))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^history\.json\./)]),
  );
});

test('the history keeps the 2,000 newest lines', () => {
  const past = (change: string) => ({
    ...{ change, kind: 'update', target: NEW, from: null, to: null, status: 'rolled_back' },
    ...{ startedAt: '2019-01-01T00:00:00Z', endedAt: '2019-01-01T00:00:00Z', error: null },
  });
  const earlier = Array.from({ length: 2_000 }, (_, at) => past(`2019${String(at).padStart(4, '0')}`));
  writeFileSync(root.history, JSON.stringify({ schema: 1, changes: earlier }));
  const [first] = saveMany(201);
  trimLedger(root);
  expect(lines()).toEqual([...earlier.slice(1).map(({ change }) => change), first]);
});
