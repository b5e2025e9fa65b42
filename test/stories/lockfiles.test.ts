import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tinyDependency } from '../registry/gateway-package.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const kept = (world: World, version: string) => join(world.root, 'lockfiles', `${version}.json`);
const inRelease = (world: World, id: string, ...names: string[]) =>
  join(world.root, 'releases', id, ...names);
const lockfileOf = (world: World, id: string) => inRelease(world, id, 'package-lock.json');
const text = (path: string) => readFileSync(path, 'utf8');

function dependencyOf(world: World, id: string): string {
  return JSON.parse(text(inRelease(world, id, 'node_modules/tiny-dep/package.json'))).version;
}

test('a release that was healthy here and was pruned is the same when staged again, except with --no-lockfile', async () => {
  const world = await makeWorld();
  for (const version of ['2026.6.1', '2026.6.3', '2026.6.5', '2026.6.9']) world.publish(version);
  await world.start('2026.6.1');
  const before = text(lockfileOf(world, '2026.6.1'));
  await world.ok('stage', '2026.6.3');
  for (const version of ['2026.6.5', '2026.6.9']) await world.ok('update', version, ...QUICK);
  await world.ok('prune', '--keep', '1');
  for (const id of ['2026.6.1', '2026.6.3']) expect(existsSync(inRelease(world, id))).toBe(false);
  world.registry.publish(tinyDependency('1.1.0'));

  const again = await world.ok('stage', '2026.6.1');
  expect(again.steps[0].note).toContain(`as ${kept(world, '2026.6.1')} lists`);
  expect(text(lockfileOf(world, '2026.6.1'))).toBe(before);
  expect(dependencyOf(world, '2026.6.1')).toBe('1.0.0');

  // It never ran here.
  expect(existsSync(kept(world, '2026.6.3'))).toBe(false);
  await world.ok('stage', '2026.6.3');
  expect(dependencyOf(world, '2026.6.3')).toBe('1.1.0');

  await world.ok('prune', '--keep', '1');
  const anew = await world.ok('stage', '2026.6.1', '--no-lockfile');
  expect(anew.steps[0].note).not.toContain(' lists');
  expect(dependencyOf(world, '2026.6.1')).toBe('1.1.0');
});
