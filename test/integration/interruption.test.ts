import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { expectSettledOn, slowly, stopDuring, updatableWorld } from '../support/interruption.js';

test('Ctrl-C while staging leaves nothing behind', async () => {
  const world = await updatableWorld();
  slowly(world);
  const { exitCode, document } = await stopDuring(world, 'stage', 'SIGINT');
  expect(document).toMatchObject({ status: 'package_update_failed', error: { code: 'interrupted' } });
  expect(exitCode).toBe(4);
  await expectSettledOn(world, '2026.6.1');
  expect(readdirSync(join(world.root, 'releases'))).toEqual(['2026.6.1']);
});

test('Ctrl-C while verifying rolls back', async () => {
  const world = await updatableWorld();
  const { exitCode, document } = await stopDuring(world, 'verify', 'SIGINT', '--settle', '30');
  expect(document).toMatchObject({ status: 'rolled_back', error: { code: 'interrupted' } });
  expect(exitCode).toBe(5);
  await expectSettledOn(world, '2026.6.1');
});

test('recover verifies what runs after a kill during verification, and commits it', async () => {
  const world = await updatableWorld();
  await stopDuring(world, 'verify', 'SIGKILL', '--settle', '1');
  // A changed setting neither finishes nor undoes the change: that may restart the gateway.
  await world.ok('pin', '2026.6.1');
  await world.ok('retention', '--releases', '3');
  expect((await world.ok('status')).interrupted).toMatchObject([expect.stringContaining('-update-')]);
  expect(await world.ok('recover')).toMatchObject({
    recovered: [{ status: 'package_updated_restart_verified' }],
  });
  await expectSettledOn(world, '2026.6.5');
});
