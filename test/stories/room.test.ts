import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeWorld, QUICK } from '../support/world.js';

test('an update keeps to the settings, and says when it needs more than they allow', async () => {
  const world = await makeWorld();
  const versions = ['2026.6.1', '2026.6.2', '2026.6.3'];
  for (const version of versions) world.publish(version);
  await world.start('2026.6.1');
  await world.ok('update', '2026.6.2', ...QUICK);
  await world.ok('retention', '--bytes', '1K');
  const { warnings } = await world.ok('update', '2026.6.3', ...QUICK);
  expect(warnings).toContainEqual(expect.stringContaining('are set as the most: none of them was removed'));
  const { releases } = await world.ok('list');
  expect(releases.map(({ id }: { id: string }) => id)).toEqual(['2026.6.2', '2026.6.3']);
  mkdirSync(join(world.root, 'releases/debris'));
  expect(await world.ok('prune', '--dry-run', '--keep', '9', '--max-bytes', '1GiB')).toMatchObject({
    remove: [],
    removeUnsealed: ['debris'],
    warnings: [],
  });
});
