import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fillDisk, smallFilesystem } from '../support/filesystem.js';
import { MIGRATES, OLD } from '../support/rolled-back.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { memoryOf, say, writeOldState } from '../support/state.js';
import { makeWorld, QUICK } from '../support/world.js';

/** Faults that random interruptions have found, each as the shortest way there. */

test('killed right after a release got its name: the next command closes it for writing', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  const env = { OPENCLAW_RELEASES_FAULT: 'kill after rename release' };
  await world.begin(['stage', '2026.6.1'], env).ended;
  await world.ok('recover');
  expect(lstatSync(join(world.root, 'releases/2026.6.1')).mode & 0o222).toBe(0);
});

test('a disk that is filled again after a change failed on it: a rollback with its state works', async () => {
  const disk = smallFilesystem(1_500);
  const on = (name: string) => () => join(disk, name);
  const world = await makeWorld(undefined, {
    node: await sqliteNode(),
    rootIn: on('root'),
    stateIn: on('state'),
  });
  world.publish(OLD);
  world.publish('2026.9.2', { ...MIGRATES, schemaVersions: MIGRATES.migratesTo });
  world.publish('2026.9.6');
  await writeOldState(world);
  await world.start(OLD);
  await say(world, 'before the update');
  const before = await memoryOf(world);
  await world.ok('update', '2026.9.2', ...QUICK);
  const empty = fillDisk(disk);
  expect(await world.cli('update', '2026.9.6', ...QUICK)).toMatchObject({
    json: { error: { code: 'insufficient_space' } },
  });
  const emptyAgain = fillDisk(disk);
  await world.ok('rollback', '--yes', ...QUICK);
  expect(await world.version()).toBe(OLD);
  expect(await memoryOf(world)).toEqual(before);
  empty();
  emptyAgain();
  await world.ok('recover');
});
