import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { remountReadOnly, smallFilesystem } from '../support/filesystem.js';
import { type Answer, makeWorld, type World } from '../support/world.js';

/** A world in which 2026.6.1 is current, and what its root looks like. */
async function settledWorld() {
  const world = await makeWorld();
  world.publish('2026.6.1');
  await world.ok('stage', '2026.6.1');
  await world.ok('switch', '2026.6.1', '--no-restart');
  const before = look(world);
  return { world, unchanged: () => expect(look(world)).toEqual(before) };
}

function look({ root }: World) {
  const names = (directory: string) => readdirSync(join(root, directory));
  return {
    releases: names('releases'),
    runtimes: names('runtimes'),
    staging: names('staging'),
    current: readlinkSync(join(root, 'current')),
    trial: existsSync(join(root, 'trial')),
    lock: readdirSync(root).includes('lock'),
  };
}

function expectRefusal(answer: Answer, code: string, exitCode: number): void {
  expect(answer.json, answer.stderr).toMatchObject({
    ok: false,
    error: { code, hint: expect.stringMatching(/\S/) },
  });
  expect(answer.exitCode).toBe(exitCode);
}

test('too little disk is refused before the first download', async () => {
  const { world } = await settledWorld();
  // Room for the miniature and its Node, so that nothing but the estimate refuses it.
  const root = join(smallFilesystem(400), 'root');
  const asked = world.registry.requests.filter((request) => request.includes('.tgz')).length;
  expectRefusal(await world.cli('stage', '2026.6.1', '--root', root), 'insufficient_space', 3);
  expect(world.registry.requests.filter((request) => request.includes('.tgz'))).toHaveLength(asked);
  expect(readdirSync(join(root, 'releases'))).toEqual([]);
});

test('a root that cannot be written is refused', async () => {
  const { world } = await settledWorld();
  const disk = smallFilesystem(8);
  remountReadOnly(disk);
  expectRefusal(await world.cli('stage', '2026.6.1', '--root', join(disk, 'root')), 'root_unwritable', 3);
});
