import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { listSnapshots } from '../../src/state/snapshots.js';
import { rootAt } from '../../src/store/root.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import {
  DEVICE,
  exchangeFiles,
  keptContent,
  memoryOf,
  say,
  wholeState,
  writeOldState,
} from '../support/state.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const OLD = '2026.6.1';
const MIGRATES = { migratesTo: { state: 15, agent: 19 } };

const atEnd = atEndOfAll();
let world: World;

beforeAll(async () => {
  world = await makeWorld(atEnd, { node: await sqliteNode() });
  world.publish(OLD);
  await writeOldState(world);
  await world.start(OLD, '--stop-timeout', '2');
});

test.each<[string, string, Behaviour, string]>([
  ['crashes at start', '2026.9.1', { crashAtStart: true }, 'gateway_crashed'],
  ['is never ready', '2026.9.2', { neverReady: true }, 'gateway_not_ready'],
  ['answers with another version', '2026.9.3', { answersVersion: '2026.1.1' }, 'wrong_version'],
])(
  'a release that migrates the state and %s is rolled back with its state, and no tag leads to it again',
  async (_, version, behaviour, code) => {
    world.publish(version, { ...MIGRATES, ...behaviour });
    await say(world, `before ${version}`);
    const before = { state: await wholeState(world), memory: await memoryOf(world) };
    const { exitCode, json } = await world.cli('update', version, ...QUICK);
    expect(json).toMatchObject({
      status: 'rolled_back',
      error: { code, hint: expect.any(String) },
      undoError: null,
      stateRestored: { restored: true, aside: expect.stringContaining(version) },
    });
    expect(exitCode).toBe(5);
    expect(await world.version()).toBe(OLD);
    expect(await memoryOf(world)).toEqual(before.memory);
    expect(await wholeState(world)).toEqual(before.state);
    expect(exchangeFiles(world)).toEqual([]);
    expect(await keptContent(world, json.stateRestored.aside)).toMatchObject({
      'state/openclaw.sqlite': { version: 15, device: [{ id: DEVICE }], migrated: [{ by: version }] },
    });
    expect(await world.ok('status')).toMatchObject({
      current: OLD,
      previous: null,
      trial: null,
      gateway: { release: OLD, state: 'running', health: { ready: true } },
      interrupted: [],
    });
    expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
    expect(await world.cli('update', 'latest', ...QUICK)).toMatchObject({
      exitCode: 3,
      json: { error: { code: 'release_quarantined', hint: expect.stringContaining(`update ${version}`) } },
    });
  },
);

test('a damaged snapshot is not restored, and no gateway starts until it is repaired', async () => {
  world.publish('2026.9.4', { ...MIGRATES, crashAtStart: true });
  const before = await wholeState(world);
  const stamp = join(world.path, 'copied');
  const update = world.begin(['update', '2026.9.4', ...QUICK], {
    OPENCLAW_RELEASES_FAULT: 'hang after snapshot',
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  await until('the state is copied', () => existsSync(stamp), 30_000);
  const snapshot = listSnapshots(rootAt(world.root)).find(({ kind }) => kind === 'snapshot');
  const copy = join(world.root, 'states', snapshot?.name ?? '', 'files/identity/device.json');
  const whole = readFileSync(copy);
  writeFileSync(copy, '{"deviceId":"of somebody else"}');
  rmSync(stamp);

  const { exitCode, json } = await update.ended;
  expect(json).toMatchObject({
    status: 'rollback_failed',
    undoError: {
      code: 'restore_failed',
      message: expect.stringContaining(`its state is not restored. ${copy} is not what was kept.`),
    },
  });
  expect(exitCode).toBe(6);
  expect(await world.version()).toBeNull();

  writeFileSync(copy, whole);
  await until('the old release answers', async () => (await world.version()) === OLD, 30_000);
  expect(await wholeState(world)).toEqual(before);
  expect(exchangeFiles(world)).toEqual([]);
});
