import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeWorld } from '../support/world.js';

/** Faults that random interruptions have found, each as the shortest way there. */

test('killed right after a release got its name: the next command closes it for writing', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  const env = { OPENCLAW_RELEASES_FAULT: 'kill after rename release' };
  await world.begin(['stage', '2026.6.1'], env).ended;
  await world.ok('recover');
  expect(lstatSync(join(world.root, 'releases/2026.6.1')).mode & 0o222).toBe(0);
});
