import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smallFilesystem } from '../support/filesystem.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { say, stateOf, wholeState, writeOldState } from '../support/state.js';
import { makeWorld, QUICK, type World, type WorldOptions } from '../support/world.js';

const [OLD, NEW] = ['2026.6.1', '2026.9.6'];

/** A gateway of NEW that has migrated its state, with OLD and its snapshot to return to. */
async function migratedWorld(options: WorldOptions = {}): Promise<World> {
  const world = await makeWorld(undefined, { ...options, node: await sqliteNode() });
  world.publish(OLD);
  world.publish(NEW, { migratesTo: { state: 15, agent: 19 } });
  await writeOldState(world);
  // More than the ballast, so that a full disk has no room for a copy.
  writeFileSync(join(stateOf(world), 'large'), Buffer.alloc(4 * 2 ** 20));
  await world.start(OLD, '--stop-timeout', '2');
  await say(world, 'before');
  await world.ok('update', NEW, ...QUICK);
  await say(world, 'after');
  return world;
}

const pidOf = async (world: World) => (await world.ok('status')).gateway.pid;

test('a drill proves a rollback with its state beside the running gateway, or names what is against it', async () => {
  const world = await migratedWorld();
  expect((await world.ok('status')).rollback).toMatchObject({ release: OLD, at: null });
  const before = { state: await wholeState(world), pid: await pidOf(world) };

  const passed = await world.ok('drill');
  expect(passed).toMatchObject({ status: 'drill_passed', kind: 'drill', to: OLD, error: null });
  const { rollback, last } = await world.ok('status');
  expect(rollback).toMatchObject({ release: OLD, change: passed.change, error: null });
  expect(rollback.drill.kept).toMatch(`${OLD}-snapshot-`);
  expect(last).toMatchObject({ kind: 'update', to: NEW });

  const release = join(world.root, 'releases', OLD);
  const [snapshot = ''] = readdirSync(join(world.root, 'states'));
  const damages: [string, () => () => void, string, number][] = [
    [
      'a file of the release',
      () => append(join(release, 'node_modules/openclaw/package.json')),
      'release_damaged',
      7,
    ],
    [
      'a file of its snapshot',
      () => append(join(world.root, 'states', snapshot, 'files/identity/device.json')),
      'state_incompatible',
      3,
    ],
    ['its snapshot', () => move(join(world.root, 'states', snapshot)), 'state_incompatible', 3],
  ];
  for (const [what, damage, code, exitCode] of damages) {
    const undo = damage();
    const failed = await world.cli('drill');
    undo();
    expect(failed, what).toMatchObject({ exitCode, json: { status: 'drill_failed', error: { code } } });
    expect((await world.ok('list')).rollback, what).toMatchObject({ release: OLD, error: { code } });
  }

  expect(await world.ok('drill', 'current')).toMatchObject({ status: 'drill_passed', to: NEW });
  expect({ state: await wholeState(world), pid: await pidOf(world) }).toEqual(before);
  expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  expect((await world.ok('list')).releases.map(({ marks }: { marks: string[] }) => marks)).toEqual([
    ['previous'],
    ['running', 'current'],
  ]);
  // The timer makes the next one: what it would update to is not there.
  await world.ok('timer', 'enable', '--drill', '7d');
  expect((await world.ok('timer', 'run')).changes).toEqual([]);
  // What was proven first holds.
  expect(await world.ok('rollback', '--yes', ...QUICK)).toMatchObject({ to: OLD, error: null });
});

test('a full disk is named by a drill; a yanked release and a missing Node are none of its trouble', async () => {
  const disk = smallFilesystem(2_000);
  const world = await migratedWorld({ rootIn: () => join(disk, 'root') });
  const before = { state: await wholeState(world), pid: await pidOf(world) };
  const filler = join(disk, 'filler');
  const { bavail, bsize } = statfsSync(disk);
  execFileSync('fallocate', ['-l', String(bavail * bsize - 2 ** 20), filler]);
  const full = await world.cli('drill');
  expect(full.json, JSON.stringify(full.json)).toMatchObject({ error: { code: 'insufficient_space' } });
  expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  expect((await world.ok('status')).rollback).toMatchObject({ release: OLD, at: null });
  rmSync(filler);

  world.registry.unpublish('openclaw', OLD);
  const [node = ''] = readdirSync(join(world.root, 'runtimes'));
  move(join(world.root, 'runtimes', node));
  const { warnings, status } = await world.ok('drill');
  expect({ status, warnings }).toEqual({
    status: 'drill_passed',
    warnings: expect.arrayContaining([expect.stringContaining('is missing')]),
  });
  expect({ state: await wholeState(world), pid: await pidOf(world) }).toEqual(before);
});

test('a release that does not start on the state that it would get fails its drill, and is not quarantined', async () => {
  const world = await makeWorld(undefined, { node: await sqliteNode() });
  world.publish(OLD, { exitCode78: true });
  world.publish(NEW);
  await world.start(NEW, '--stop-timeout', '2');
  await world.ok('stage', OLD);
  const { exitCode, json } = await world.cli('drill', OLD);
  expect(json).toMatchObject({ status: 'drill_failed', error: { code: 'drill_failed' } });
  expect(json.error.message).toContain('written by a newer version');
  expect(exitCode).toBe(4);
  const { releases } = await world.ok('list');
  expect(releases[0]).toMatchObject({ id: OLD, quarantine: null });
  expect(readdirSync(stateOf(world)).sort()).toEqual(['openclaw.json', 'starts.jsonl']);
});

test('a release that is not ready only at a low priority passes its drill', async () => {
  const world = await makeWorld(undefined, { node: await sqliteNode() });
  world.publish(OLD, { starves: true });
  world.publish(NEW);
  await world.start(NEW, '--stop-timeout', '2');
  await world.ok('stage', OLD);
  expect(await world.ok('drill', OLD, '--ready-timeout', '5s')).toMatchObject({
    status: 'drill_passed',
    to: OLD,
  });
});

/** Damages a file, and returns what mends it. */
function append(path: string): () => void {
  const [before, { mode }] = [readFileSync(path), statSync(path)];
  chmodSync(path, 0o600);
  appendFileSync(path, ' ');
  return () => {
    writeFileSync(path, before);
    chmodSync(path, mode);
  };
}

function move(path: string): () => void {
  renameSync(path, `${path}.away`);
  return () => renameSync(`${path}.away`, path);
}
