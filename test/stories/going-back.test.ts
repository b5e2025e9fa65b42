import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { moment } from '../../src/core/moment.js';
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
  wordsOf,
  writeOldState,
} from '../support/state.js';
import { CLI, makeWorld, type World } from '../support/world.js';

const OLD = '2026.6.1';
const MIGRATES = { migratesTo: { state: 15, agent: 19 } };
const LIMITS = ['--settle', '2.5', '--ready-timeout', '3'];

const atEnd = atEndOfAll();
let world: World;
let published = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd, { node: await sqliteNode() });
  world.publish(OLD);
  await writeOldState(world);
  await world.start(OLD, '--stop-timeout', '2');
});

/** A release that nobody has seen before. */
function publish(behaviour: Behaviour): string {
  const version = `2026.9.${++published}`;
  world.publish(version, behaviour);
  return version;
}

const kept = () => listSnapshots(rootAt(world.root));
const displaced = () => kept().filter(({ kind }) => kind === 'displaced');

/** Something new is said before each, so that the state is another one than that of the test before. */
async function sayBefore(what: string) {
  await say(world, `before ${what}`);
  return { state: await wholeState(world), memory: await memoryOf(world), aside: displaced().length };
}

describe('an update to a release that migrates the state and', () => {
  test.each<[string, Behaviour, string]>([
    ['crashes once it is ready', { crashAfterMs: 1_500 }, 'gateway_crashed'],
    ['dies between two migrations', { crashMidMigration: true }, 'gateway_crashed'],
    ['refuses to start with 78', { exitCode78: true }, 'gateway_crashed'],
    ['touches the configuration', { touchesConfig: true, neverReady: true }, 'gateway_not_ready'],
    [
      'declares what it migrates to',
      { schemaVersions: MIGRATES.migratesTo, neverReady: true },
      'gateway_not_ready',
    ],
  ])('%s: the old release runs again, on its own state', async (_, behaviour, code) => {
    const version = publish({ ...MIGRATES, ...behaviour });
    const before = await sayBefore(version);
    const { exitCode, json } = await world.cli('update', version, ...LIMITS);
    expect(json).toMatchObject({
      status: 'rolled_back',
      error: { code },
      undoError: null,
      stateRestored: { restored: true, aside: expect.stringContaining(version) },
    });
    expect(exitCode).toBe(5);
    expect(await world.version()).toBe(OLD);
    expect(await memoryOf(world)).toEqual(before.memory);
    expect(await wholeState(world)).toEqual(before.state);
    expect(exchangeFiles(world)).toEqual([]);
    expect(await world.ok('status')).toMatchObject({ current: OLD, trial: null, interrupted: [] });

    // The state of the new release is whole as well, only elsewhere.
    const aside = displaced();
    expect(aside).toHaveLength(before.aside + 1);
    expect(aside.at(-1)).toMatchObject({ release: version, change: json.change });
    expect(await keptContent(world, json.stateRestored.aside)).toMatchObject({
      'state/openclaw.sqlite': { version: 15, device: [{ id: DEVICE }], migrated: [{ by: version }] },
    });
  });
});

test('messages to the new release before it fails stay with its state', async () => {
  const version = publish({ ...MIGRATES, neverReady: true });
  const { memory } = await sayBefore(version);
  const update = world.begin(['update', version, ...LIMITS]);
  await until('the new release answers', async () => (await world.version()) === version);
  await say(world, 'said during the trial');
  const { json } = await update.ended;
  expect(json.status).toBe('rolled_back');
  expect(await memoryOf(world)).toEqual(memory);
  const content = await keptContent(world, json.stateRestored.aside);
  expect(content['agents/main/agent/openclaw-agent.sqlite']).toMatchObject({
    said: [...memory.said, { by: version, text: 'said during the trial' }],
  });
  // No rollback leads to the state of a release that failed.
  expect((await world.ok('show', version)).stateCompatibility).not.toBe('with-snapshot');
});

test('messages to the old release between the copy and the switch stay with the displaced state', async () => {
  const version = publish({ ...MIGRATES, crashAtStart: true });
  const { memory } = await sayBefore(version);
  const stamp = join(world.path, 'copied');
  const update = world.begin(['update', version, ...LIMITS], {
    OPENCLAW_RELEASES_FAULT: 'hang after snapshot',
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  await until('the state is copied', () => existsSync(stamp), 30_000);
  await say(world, 'after the copy');
  rmSync(stamp);
  const { json } = await update.ended;
  expect(json.status).toBe('rolled_back');
  expect(await memoryOf(world)).toEqual(memory);
  const content = await keptContent(world, json.stateRestored.aside);
  expect(content['agents/main/agent/openclaw-agent.sqlite']).toMatchObject({
    said: [...memory.said, { by: OLD, text: 'after the copy' }],
  });
});

test('an update that rolls back reports the displaced state, and since when', async () => {
  const version = publish({ ...MIGRATES, neverReady: true });
  await sayBefore(version);
  const { json } = await world.cli('update', version, ...LIMITS);
  const { snapshot, stateRestored } = json;
  expect(Date.parse(snapshot.at)).toBeGreaterThan(Date.parse(json.startedAt));
  const { last } = await world.ok('status');
  expect(last.stateRestored).toEqual(stateRestored);
  const { stdout } = await execa(world.node, [CLI, 'status'], { env: world.env, extendEnv: false });
  const says = new RegExp(
    `state: that of ${OLD}, as it was at ${moment(snapshot.at)}, was put back; what was written since \\([\\d.]+ (s|min)[^)]*\\) is kept in states/${stateRestored.aside}`,
  );
  expect(stdout).toMatch(says);
});

test('a release that migrates nothing rolls back by code alone, and messages to it stay', async () => {
  const version = publish({ neverReady: true });
  const { memory, aside } = await sayBefore(version);
  const update = world.begin(['update', version, ...LIMITS]);
  await until('the new release answers', async () => (await world.version()) === version);
  await say(world, 'said to both');
  const { json } = await update.ended;
  expect(json).toMatchObject({ status: 'rolled_back', stateRestored: { restored: false } });
  expect((await memoryOf(world)).said).toEqual([...memory.said, { by: version, text: 'said to both' }]);
  expect(displaced()).toHaveLength(aside);
  expect(kept().filter(({ kind }) => kind === 'snapshot')).toEqual([]);
});

test('a release that is restarted again and again rolls back with its state, with nobody left but the launcher', async () => {
  const version = publish({ ...MIGRATES, crashAfterMs: 400 });
  const before = await sayBefore(version);
  const update = world.begin(['update', version, '--settle', '60', '--ready-timeout', '60']);
  await until(
    'the new release is on trial',
    () => existsSync(join(world.root, 'trial-restore.json')),
    30_000,
  );
  await until('the new release runs', async () => (await world.version()) === version);
  update.kill('SIGKILL');
  await update.ended;
  await until('the old release answers', async () => (await world.version()) === OLD, 30_000);
  expect(await memoryOf(world)).toEqual(before.memory);
  expect(await wholeState(world)).toEqual(before.state);
  expect(displaced().at(-1)).toMatchObject({ release: version });

  const { recovered } = await world.ok('recover');
  expect(recovered).toMatchObject([{ status: 'rolled_back', stateRestored: { restored: true } }]);
  expect(await wordsOf(world)).toEqual(before.memory.said.map(({ text }) => text));
  expect(exchangeFiles(world)).toEqual([]);
  expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
});

test('a healthy release keeps the state that it has migrated, and the snapshot from before stays', async () => {
  const version = publish(MIGRATES);
  const before = await sayBefore(version);
  await world.ok('update', version, '--settle', '0.5', '--ready-timeout', '3');
  expect(await memoryOf(world)).toEqual(before.memory);
  expect(exchangeFiles(world)).toEqual([]);
  const snapshots = kept().filter(({ kind }) => kind === 'snapshot');
  expect(snapshots).toMatchObject([{ release: OLD, versions: { databases: { 'tasks/runs.sqlite': 0 } } }]);
  expect(await keptContent(world, snapshots[0]?.name ?? '')).toMatchObject({
    'tasks/runs.sqlite': { runs: [{ what: 'a task' }] },
    'identity/device.json': before.state['identity/device.json'],
  });
});
