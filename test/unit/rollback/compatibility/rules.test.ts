import { describe, expect, test } from 'vitest';
import type { Facts } from '../../../../src/ledger/facts.js';
import { type Change, type ChangeStatus, newChange } from '../../../../src/ledger/ledger.js';
import { planChange } from '../../../../src/ledger/plan.js';
import {
  readPast,
  readsVersions,
  versionsOf,
  wasWrittenByNewer,
} from '../../../../src/rollback/compatibility/rules.js';
import type { Snapshot } from '../../../../src/state/snapshots.js';
import type { StateVersions } from '../../../../src/state/versions.js';
import { temporaryRoot } from '../../../support/place.js';

const of = (version: number): StateVersions => ({
  databases: { 'state/openclaw.sqlite': version },
  config: null,
});
const WELL = 'package_updated_restart_verified';

interface Past {
  status?: ChangeStatus;
  to?: string;
  restores?: boolean;
  before?: StateVersions | null;
  after?: StateVersions | null;
}

function update(from: string, to: string, past: Past = {}): Change {
  const { status = WELL, restores = false, before, after } = past;
  const facts: Facts = { from, previous: null, to: past.to ?? to };
  if (before) facts.versionsBefore = before;
  if (after) facts.versionsAfter = after;
  if (restores) facts.restore = { from: 'kept', at: '2026-06-01T00:00:00.000Z' };
  const change = newChange(planChange('update', to), facts);
  return { ...change, status, endedAt: change.startedAt };
}

describe('the versions that the state had when a release last ran on it', () => {
  test.each<[string, Change[], StateVersions | null]>([
    ['none, where no change tells', [update('old', 'new')], null],
    ['before it was left', [update('old', 'new', { before: of(18), after: of(19) })], of(18)],
    ['after it came', [update('older', 'old', { before: of(17), after: of(18) })], of(18)],
    [
      'of the last change of several',
      [
        update('older', 'old', { before: of(16), after: of(17) }),
        update('old', 'new', { before: of(18), after: of(19) }),
        update('new', 'old', { before: of(19), after: of(20) }),
      ],
      of(20),
    ],
    [
      'of the one before, where the last does not tell',
      [update('old', 'new', { before: of(18) }), update('new', 'old')],
      of(18),
    ],
    [
      'before, where it was replaced by the same release',
      [update('old', 'old', { before: of(18), after: of(19) })],
      of(18),
    ],
  ])('%s', (_, changes, versions) => {
    expect(versionsOf(readPast(temporaryRoot(), changes), 'old')).toEqual(versions);
  });
});

test.each<[string, ChangeStatus, string, StateVersions | null]>([
  ['a release that failed', 'rolled_back', 'new', null],
  ['a release that was healthy and was left', WELL, 'old', of(20)],
])('the displaced state of %s', (_, status, to, versions) => {
  const change = update('new', to, { status });
  const displaced: Snapshot = {
    schema: 1,
    name: 'new-displaced',
    kind: 'displaced',
    release: 'new',
    change: change.id,
    at: change.startedAt,
    versions: of(20),
  } as Snapshot;
  const past = { ...readPast(temporaryRoot(), [change]), kept: [displaced] };
  expect(versionsOf(past, 'new')).toEqual(versions);
  expect(readsVersions(temporaryRoot(), 'new', of(21), past).reads).toBe(versions ? 'no' : 'unknown');
});

describe('a state with a database that was raised since', () => {
  const left = update('new', 'newest', { before: of(20), after: of(20) });
  const then = { before: of(21), after: of(20) };
  const came = update('old', 'new', then);
  const reads = (changes: Change[], today: StateVersions) => {
    const root = temporaryRoot();
    return readsVersions(root, 'new', today, readPast(root, changes)).reads;
  };

  test('is compatible with a release that ran on this version here, and was healthy', () => {
    expect(reads([came, left], of(21))).toBe('yes');
  });

  test.each<[string, Past]>([
    ['it was not healthy', { status: 'package_updated_restart_failed' }],
    ['the state was restored then', { restores: true }],
    ['what it had is not known', { before: null }],
    ['another release ran', { to: 'other' }],
  ])('is not compatible where %s', (_, differently) => {
    expect(reads([update('old', 'new', { ...then, ...differently }), left], of(21))).toBe('no');
  });

  test('is not compatible with a release that ran on yet another version', () => {
    expect(reads([came, left], of(22))).toBe('no');
  });

  test('is compatible where it is older than the release left it, and may be migrated again', () => {
    const read = (mayMigrate: boolean) => {
      const root = temporaryRoot();
      return readsVersions(root, 'new', of(18), readPast(root, [left]), mayMigrate).reads;
    };
    expect([read(false), read(true)]).toEqual(['no', 'yes']);
  });

  test.each([
    ['2026.5.1', { reads: 'yes' }],
    ['2026.6.1', { reads: 'yes' }],
    ['2026.6.5', { reads: 'no', databases: true }],
  ])('is older, and %s wrote it: %o', (config, expected) => {
    const root = temporaryRoot();
    const past = readPast(root, [update('2026.5.1', '2026.6.1', { before: of(19), after: of(20) })]);
    const today = { ...of(18), config };
    expect(readsVersions(root, '2026.6.1', today, past, true)).toMatchObject(expected);
  });
});

type Databases = StateVersions['databases'];

/** Answers of a rollback, and of a switch, before which today's state is copied. */
function answers(before: Databases, after: Databases, today: Databases): string {
  const root = temporaryRoot();
  const [was, left, now] = [before, after, today].map((databases) => ({ databases, config: null }));
  const past = readPast(root, [update('old', 'new', { before: was ?? null, after: left ?? null })]);
  const read = (mayMigrate: boolean) =>
    readsVersions(root, 'new', now as StateVersions, past, mayMigrate).reads;
  return `${read(false)}, ${read(true)}`;
}

test.each<[string, Databases, Databases, string]>([
  ['it was started on, and another that it never had', { main: 20 }, { main: 19, agent: 5 }, 'no, yes'],
  ['it was started on, without the other, which it made', { main: 20, agent: 7 }, { main: 19 }, 'no, yes'],
  [
    'it was started on, without what it made, and another that is new',
    { main: 20, agent: 7 },
    { main: 19, web: 1 },
    'no, yes',
  ],
  [
    'it was started on, without what it made, and with less than then',
    { main: 20, memory: 3, agent: 7 },
    { main: 19 },
    'no, no',
  ],
  [
    'it was started on, and an older form of what it made',
    { main: 20, agent: 7 },
    { main: 19, agent: 5 },
    'no, yes',
  ],
  ['nobody knows, and another as it left it', { main: 20, agent: 7 }, { main: 21, agent: 7 }, 'no, no'],
  [
    'it was started on, though it left an older one, and another that it never had',
    { main: 18 },
    { main: 19, web: 1 },
    'yes, yes',
  ],
  ['it left, without another, which it made', { main: 20, agent: 7 }, { main: 20 }, 'no, no'],
  ['it left, without another, which was there then', { main: 20, memory: 3 }, { main: 20 }, 'no, no'],
  [
    'it was started on and left, without what it made',
    { main: 19, agent: 7 },
    { main: 19, web: 1 },
    'no, no',
  ],
])('a state with a database that %s, is compatible or not', (_, after, databases, expected) => {
  const memory = 'memory' in after ? { memory: 3 } : {};
  expect(answers({ main: 19, ...memory }, after, databases)).toBe(expected);
});

test('a state of an earlier start is compatible without what the release made then, where it is copied', () => {
  expect(answers({ main: 19 }, { main: 19, agent: 7 }, { main: 19 })).toBe('no, yes');
});

test('a start on an empty state tells nothing of databases that are gone', () => {
  expect(answers({}, { main: 20, agent: 7 }, { web: 1 })).toBe('no, no');
});

test.each([
  ['openclaw.sqlite.pre-startup-migration-c6435c31-fc59-4c03-a040-9407548e4ea2.bak', 'yes'],
  ['memory.sqlite', 'no'],
])('a state without %s, which was there, is compatible: %s', (name, expected) => {
  const had = { databases: { ...of(18).databases, [`state/${name}`]: 17 }, config: null };
  const past = readPast(temporaryRoot(), [update('old', 'new', { before: had })]);
  expect(readsVersions(temporaryRoot(), 'old', of(18), past).reads).toBe(expected);
});

describe('a state whose configuration was written since', () => {
  const left = (config: string | null): Change =>
    update('2026.6.1', '2026.6.5', { before: { ...of(20), config }, after: null });
  const reads = (then: string | null, today: string | null) => {
    const root = temporaryRoot();
    return readsVersions(root, '2026.6.1', { ...of(20), config: today }, readPast(root, [left(then)]));
  };

  test.each([
    ['2026.6.1', '2026.6.1', 'yes'],
    ['2026.5.1', '2026.6.1', 'yes'],
    ['2026.6.1', '2026.5.1', 'yes'],
    ['2026.6.5', '2026.6.5', 'yes'],
    ['2026.6.1', '2026.6.1-1', 'no'],
    ['2026.6.1', '2026.6.5', 'no'],
    [null, '2026.6.5', 'no'],
    [null, 'nonsense', 'yes'],
  ])('by %s, then by %s: %s', (then, today, expected) => {
    expect(reads(then, today)).toMatchObject({
      reads: expected,
      ...(expected === 'no' && { why: `${today} has written the configuration`, databases: false }),
    });
  });
});

test.each([
  ['2026.9.6', true],
  ['2026.9.2', false],
  ['2026.9.2-1', true],
  ['a build of mine', false],
  [null, false],
])('a configuration by %s is of a newer release than 2026.9.2: %s', (config, newer) => {
  expect(wasWrittenByNewer({ databases: {}, config }, '2026.9.2')).toBe(newer);
});
