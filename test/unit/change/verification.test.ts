import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Expectation, expectedOf } from '../../../src/change/expectation.js';
import { awaitVerified } from '../../../src/change/verification.js';
import { ReleasesError } from '../../../src/core/errors.js';
import type { Context } from '../../../src/ledger/context.js';
import { newChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { requestRestore } from '../../../src/state/restore-records.js';
import { pointCurrent } from '../../../src/store/links.js';
import { releaseDirectory } from '../../../src/store/manifest.js';
import { prepareRoot, type Root, rootAt } from '../../../src/store/root.js';
import { runtimeNode } from '../../../src/store/runtimes.js';
import type { Inspection } from '../../../src/supervisor/supervisor.js';
import { nobody } from '../../support/nobody.js';
import { seedNode } from '../../support/node-copy.js';
import { removeDirectory, writeTree } from '../../support/place.js';
import { sealTinyRelease, TINY_NODE } from '../../support/release.js';

const OLD = '2026.5.1';
const NEW = '2026.6.1';

/** Milliseconds that were waited for, each at once. */
const clock = vi.hoisted(() => ({ now: 0 }));
vi.mock('node:timers/promises', async (original) => {
  const wait = async (ms: number) => {
    clock.now += ms;
  };
  return { ...(await original<object>()), setTimeout: wait };
});

/** Abilities of the started gateway. */
const able = vi.hoisted(() => ({ now: {} as Record<string, boolean> }));
vi.mock('../../../src/openclaw/abilities.js', async (original) => ({
  ...(await original<object>()),
  sampleAbilities: async () => able.now,
}));

/** Warnings of the last change. */
const warnings = { now: [] as string[] };

/** Work of the started gateway; null for what the kernel says. */
const activity = vi.hoisted(() => ({ now: null as { ticks: number; wantsToRun: boolean } | null }));
vi.mock('../../../src/host/process.js', async (original) => {
  const real = await original<typeof import('../../../src/host/process.js')>();
  return { ...real, activityOf: (pid: number) => activity.now ?? real.activityOf(pid) };
});

/** Facts and answers of the started gateway. */
interface Started {
  /** Release that its process was started from. */
  release?: string;
  version?: string;
  ready?: boolean;
  /** Failures that it reports, ready or not. */
  failing?: string[];
  /** Supervisor's answer that the process of the port is its own. */
  owned?: boolean;
  inspection?: Partial<Inspection>;
  /** Milliseconds that each answer of its supervisor takes. */
  lookMs?: number;
  /** More that its supervisor says at its nth answer. */
  says?: (answer: number) => Partial<Inspection>;
  /** Answers of its supervisor after which it is ready. */
  readyAfter?: number;
  /** Start that its supervisor makes when it is asked to; null where it fails. */
  restart?: string | null;
  /** Milliseconds in which its supervisor does not answer, five seconds at a time, after so many answers. */
  silentMs?: number;
  silentAfter?: number;
}

let root: Root;

beforeAll(async () => {
  root = rootAt(mkdtempSync(join(tmpdir(), 'openclaw-releases-root-')));
  prepareRoot(root);
  seedNode(root.path);
  for (const id of [OLD, NEW]) await sealTinyRelease(root, id);
  return () => removeDirectory(root.path);
});

/** Verdict on a gateway of `NEW` that replaced a healthy one. */
async function verify(started: Started, expected: Partial<Expectation> = {}) {
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  onTestFinished(() => void vi.restoreAllMocks());
  const {
    release = NEW,
    version = NEW,
    failing = [],
    ready = failing.length === 0,
    owned = true,
    lookMs = 0,
    says = () => ({}),
    readyAfter = 0,
    restart = null,
    silentMs = 0,
    silentAfter = 0,
  } = started;
  const env = { OPENCLAW_RELEASES_RELEASE: releaseDirectory(root, release) };
  const child = spawn(runtimeNode(root, TINY_NODE), ['-e', 'setInterval(() => {}, 1e6)'], {
    env,
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let answers = 0;
  const isReady = () => ready && answers > readyAfter;
  const server = createServer(({ url }, response) => {
    response
      .writeHead(url === '/readyz' && !isReady() ? 503 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(url === '/readyz' ? { ready: isReady(), failing } : { version }));
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const inspection: Inspection = {
    ...{ state: 'running', pid: child.pid ?? null, instance: 'new', restarts: 0, lastExit: null },
    launch: { args: ['--port', String(port)], env: {} },
    ...started.inspection,
  };
  const change = newChange(planChange('switch', NEW), { from: OLD, previous: null, to: NEW });
  let silent = 0;
  const inspect = async () => {
    if (answers < silentAfter || silent >= silentMs) {
      answers++;
      clock.now += lookMs;
      return { ...inspection, ...says(answers) };
    }
    clock.now += 5_000;
    silent += 5_000;
    throw new ReleasesError('supervisor_failed', 'The supervisor did not answer within 5000 ms.');
  };
  const context: Context = {
    root,
    change,
    supervisor: {
      ...nobody,
      inspect,
      restart: async () => {
        if (restart === null) throw new ReleasesError('restart_failed', 'It is failed again.');
        return { stopMs: 0, killed: false, instance: restart };
      },
      owns: () => Promise.resolve(owned),
    },
    client: () => Promise.reject(new Error('no network here')),
    lookUp: () => Promise.reject(new Error('no network here')),
    signal: new AbortController().signal,
    canRestart: true,
    progress: () => {},
  };
  const healthy = { answered: true, live: true, ready: true, failing: [], phase: null, version: OLD };
  const limits = { settleMs: 500, readyFloorMs: 1_000, readyCeilingMs: 60_000 };
  warnings.now = change.warnings;
  const verified = await awaitVerified(context, {
    ...{ release: NEW, instance: 'new', before: healthy, gateway: null, mustBeReady: true },
    ...{ settleMs: 500, limits },
    ...expected,
  });
  return { ...verified, warnings: change.warnings };
}

test('a gateway of the release that owns its port, is ready and stays so for the settling time is verified', async () => {
  const began = clock.now;
  expect(await verify({})).toMatchObject({ health: { live: true, ready: true, version: NEW } });
  expect(clock.now - began).toBeGreaterThanOrEqual(500);
});

test('a gateway that gives a word in place of its version is known by its process alone', async () => {
  expect(await verify({ version: 'unknown' })).toMatchObject({ health: { version: 'unknown' } });
});

test.each<[string, Started, RegExp]>([
  ['gateway_crashed', { inspection: { pid: null, state: 'stopped' } }, /of 2026\.6\.1 exited\.$/],
  ['gateway_crashed', { inspection: { instance: 'another start' } }, /exited/],
  ['wrong_release', { release: OLD }, /runs from 2026\.5\.1, not from 2026\.6\.1/],
  ['wrong_version', { version: OLD }, /says that it is 2026\.5\.1, not 2026\.6\.1/],
  ['port_held_by_orphan', { owned: false }, new RegExp(`held by process ${process.pid},`)],
  // A busy host makes its limit longer.
  [
    'gateway_not_ready',
    { failing: ['channels'], lookMs: 2_000 },
    /not ready: channels, after [\d.]+ (s|min)\.$/,
  ],
])('%s is the verdict on %j', async (code, started, message) => {
  await expect(verify(started)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

describe('a gateway that ends itself before it is ready, on a host that holds it up,', () => {
  const limits = { settleMs: 500, readyFloorMs: 60_000, readyCeilingMs: 300_000 };
  const another = (instance: string): Partial<Inspection> => ({ instance });
  const waiting: Partial<Inspection> = { state: 'waiting', pid: null, instance: null };
  const failed: Partial<Inspection> = { state: 'failed', pid: null, instance: null };
  const CRASH =
    /^The gateway of 2026\.6\.1 exited; of [\d.]+ s in which it had something to do, the host let it run for [\d.]+ m?s\.$/;

  beforeEach(() => {
    pointCurrent(root, NEW);
    activity.now = { ticks: 10, wantsToRun: true };
    return () => {
      activity.now = null;
    };
  });

  const start = (started: Started, expected: Partial<Expectation> = { mayStartAgain: true }) =>
    verify({ lookMs: 2_000, ...started }, { limits, ...expected });

  test.each<[string, Started]>([
    ['has started again already', { says: (n) => (n > 3 ? another('next') : {}), readyAfter: 3 }],
    ['waits before', { says: (n) => (n > 6 ? another('next') : n > 3 ? waiting : {}), readyAfter: 6 }],
    [
      'has given up on',
      { says: (n) => (n > 4 ? another('asked') : n > 3 ? failed : {}), readyAfter: 4, restart: 'asked' },
    ],
  ])('is verified by the next start, which its supervisor %s', async (_, started) => {
    expect(await start(started)).toMatchObject({ starts: 2, health: { ready: true } });
    expect(warnings.now).toEqual([
      expect.stringMatching(/^The gateway of 2026\.6\.1 exited; .* It was started again\.$/),
    ]);
  });

  test.each<[string, Started, Partial<Expectation>, number]>([
    [
      'once more after two others',
      { says: (n) => another(`start ${Math.floor(n / 4)}`) },
      { mayStartAgain: true, instance: 'start 0' },
      2,
    ],
    [
      'and its supervisor cannot start it',
      { says: (n) => (n > 3 ? failed : {}) },
      { mayStartAgain: true },
      1,
    ],
    [
      'and was stopped',
      { says: (n) => (n > 3 ? { ...failed, state: 'stopped' } : {}) },
      { mayStartAgain: true },
      0,
    ],
    ['on the way back', { says: (n) => (n > 3 ? another('next') : {}) }, {}, 0],
  ])('fails when it does so %s', async (_, started, expected, warned) => {
    await expect(start({ ...started, readyAfter: 99 }, expected)).rejects.toMatchObject({
      code: 'gateway_crashed',
      message: expect.stringMatching(CRASH),
    });
    expect(warnings.now).toHaveLength(warned);
  });

  test('fails when the launcher has gone back meanwhile', async () => {
    pointCurrent(root, OLD);
    const verdict = start({ says: (n) => (n > 3 ? another('next') : {}), readyAfter: 99 });
    await expect(verdict).rejects.toMatchObject({ code: 'gateway_crashed' });
  });

  test.each<[string, Started, boolean]>([
    ['was ready before', {}, true],
    ['was not held up', { readyAfter: 99 }, false],
  ])('fails by a crash of its own when it %s', async (_, started, wantsToRun) => {
    activity.now = { ticks: 10, wantsToRun };
    const verdict = start(
      { ...started, says: (n) => (n > 3 ? another('next') : {}) },
      { mayStartAgain: true, settleMs: 60_000 },
    );
    await expect(verdict).rejects.toMatchObject({ code: 'gateway_crashed', details: undefined });
  });

  test('is held up as much while its supervisor does not answer', async () => {
    activity.now = { ticks: 10, wantsToRun: false };
    const silent = { silentAfter: 1, silentMs: 20_000, readyAfter: 2 };
    expect(await start({ ...silent, says: (n) => (n > 1 ? another('next') : {}) })).toMatchObject({
      starts: 2,
    });
  });
});

test('a supervisor that does not answer for half a minute says nothing of the release', async () => {
  expect(await verify({ silentMs: 30_000 })).toMatchObject({ health: { version: NEW } });
  const crashed = { inspection: { instance: 'another start' }, silentMs: 30_000 };
  await expect(verify(crashed)).rejects.toMatchObject({ code: 'gateway_crashed' });
});

test('the time in which a supervisor does not answer is none in which the gateway was healthy', async () => {
  const began = clock.now;
  await verify({ silentMs: 30_000, silentAfter: 1 }, { settleMs: 10_000 });
  expect(clock.now - began).toBeGreaterThanOrEqual(40_000);
});

test('a supervisor that does not answer for a minute ends the verification', async () => {
  const began = clock.now;
  await expect(verify({ silentMs: 300_000 })).rejects.toMatchObject({ code: 'supervisor_failed' });
  expect(clock.now - began).toBeLessThan(90_000);
});

test('a launcher that copies a large state gets the time for it besides', async () => {
  const [place, from] = [{ directory: '/state', config: null }, `${NEW}-snapshot-1`];
  const kept = {
    schema: 1,
    name: from,
    kind: 'snapshot',
    release: NEW,
    change: 'c',
    at: '2026-06-01T00:00:00Z',
  };
  const bytes = 160 * 2 ** 20;
  writeTree(join(root.states, from), {
    'state.json': JSON.stringify({ ...kept, place, versions: null, files: 1, bytes }),
  });
  requestRestore(root, {
    ...{ schema: 1, change: 'c', release: NEW, from, aside: { name: 'aside', release: OLD }, place },
    ...{ onlyIfChanged: false, phase: 'displacing' },
  });
  onTestFinished(() => {
    for (const path of [root.restore, join(root.states, from)]) rmSync(path, { recursive: true });
  });
  const began = clock.now;
  const verdict = verify({ failing: ['channels'], lookMs: 2_000 });
  await expect(verdict).rejects.toMatchObject({ code: 'gateway_not_ready' });
  // The limit of a start is 60 s.
  expect(clock.now - began).toBeGreaterThanOrEqual(100_000);
});

test('gateway_worse is the verdict on a ready gateway in which something fails that did not before', async () => {
  const before = { answered: true, live: true, ready: true, failing: ['mail'], phase: null, version: OLD };
  const same = await verify({ ready: true, failing: ['mail'] }, { before });
  expect(same.health.failing).toEqual(['mail']);
  await expect(verify({ ready: true, failing: ['mail', 'chat'] }, { before })).rejects.toMatchObject({
    code: 'gateway_worse',
    message: expect.stringMatching(/^What worked before does not work: chat, after [\d.]+ (s|min)\.$/),
  });
});

test('what broke by the release fails it, and what may have another cause is a warning', async () => {
  const abilities = { 'channel telegram': true, 'credentials of anthropic': true };
  able.now = { 'channel telegram': true };
  const { warnings } = await verify({}, { abilities });
  expect(warnings).toEqual(['Worked before the restart, and does not say so now: credentials of anthropic.']);
  able.now = { 'channel telegram': true, 'credentials of anthropic': false };
  await expect(verify({}, { abilities })).rejects.toMatchObject({
    code: 'gateway_worse',
    message: expect.stringContaining('broken: credentials of anthropic'),
  });
});

test.each<[string, Started, object, Record<string, boolean> | undefined]>([
  ['gateway_worse', { failing: ['telegram'] }, { 'channel telegram': false }, { 'channel telegram': true }],
  ['gateway_not_ready', { failing: ['telegram'] }, { 'channel telegram': false }, undefined],
  ['gateway_not_ready', { failing: ['telegram'] }, {}, { 'channel telegram': true }],
  [
    'gateway_not_ready',
    { failing: ['channels'] },
    { 'channel telegram': true, 'channel irc': false },
    { 'channel telegram': true, 'channel irc': false },
  ],
])(
  '%s is the verdict on %j that is not ready and able to %j, and was to %j',
  async (code, started, now, abilities) => {
    able.now = { ...now };
    const message =
      code === 'gateway_worse' ? /is broken: channel telegram, after / : /is not ready: \w+, after /;
    await expect(verify(started, { abilities })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  },
);

test.each<['rollback' | 'switch' | 'update', object, object | undefined]>([
  ['rollback', {}, undefined],
  ['switch', { restore: { from: 'kept', at: '2026-11-26T00:00:00Z' } }, undefined],
  ['update', {}, { 'channel telegram': true }],
])('a %s with %j expects the abilities %j', (kind, facts, abilities) => {
  const baseline = {
    ...{ state: 'running' as const, instance: 'i', release: OLD, health: null },
    abilities: { 'channel telegram': true },
  };
  const change = newChange(planChange(kind, NEW), { from: OLD, previous: null, to: NEW, baseline, ...facts });
  expect(expectedOf(change).abilities).toEqual(abilities);
});
