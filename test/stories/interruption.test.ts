import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive } from '../../src/host/process.js';
import {
  expectSettledOn,
  killDuringStage,
  slowly,
  stopDuring,
  updatableWorld,
} from '../support/interruption.js';
import { until } from '../support/place.js';
import { QUICK } from '../support/world.js';

test('recovery ends the worker of a killed process before it removes its work', async () => {
  const world = await updatableWorld();
  slowly(world);
  const { child } = await killDuringStage(world);
  // Stopped, it cannot hear that its parent is gone; continued, it would make anew what recovery removes.
  expect(isAlive(child)).toBe(true);
  await world.ok('recover');
  expect(isAlive(child)).toBe(false);
  await expectSettledOn(world, '2026.6.1');
});

test('killed while staging: recover removes what was staged', async () => {
  const world = await updatableWorld();
  slowly(world);
  await stopDuring(world, 'stage', 'SIGKILL');
  expect(await world.ok('status')).toMatchObject({ running: null, interrupted: [expect.any(String)] });
  expect(await world.ok('recover')).toMatchObject({
    recovered: [{ status: 'package_update_failed', error: { code: 'interrupted' } }],
  });
  await expectSettledOn(world, '2026.6.1');
});

test('killed while verifying a release that never gets ready: the next command rolls back', async () => {
  const world = await updatableWorld({ neverReady: true });
  await stopDuring(world, 'verify', 'SIGKILL', ...QUICK);
  await world.ok('stage', '2026.6.1');
  const { changes } = await world.ok('history');
  const update = changes.findLast(({ kind }: { kind: string }) => kind === 'update');
  expect(update).toMatchObject({
    status: 'rolled_back',
    error: { code: 'gateway_not_ready' },
    recovery: { outcome: 'undone', why: expect.stringContaining('if it passes verification') },
  });
  expect(await world.ok('show', '2026.6.5')).toMatchObject({ marks: ['quarantined'] });
  await expectSettledOn(world, '2026.6.1');
});

test('killed while verifying a release that crashes: the launcher rolls back without any of our code', async () => {
  const world = await updatableWorld({ crashAfterMs: 2_000 });
  await stopDuring(world, 'verify', 'SIGKILL', '--settle', '30');
  await until('the launcher has gone back', async () => (await world.version()) === '2026.6.1', 30_000);
  await world.ok('recover');
  await expectSettledOn(world, '2026.6.1');
});

test('Ctrl-C while staging leaves nothing behind', async () => {
  const world = await updatableWorld();
  slowly(world);
  const { exitCode, document } = await stopDuring(world, 'stage', 'SIGINT');
  expect(document).toMatchObject({ status: 'package_update_failed', error: { code: 'interrupted' } });
  expect(exitCode).toBe(4);
  await expectSettledOn(world, '2026.6.1');
  expect(readdirSync(join(world.root, 'releases'))).toEqual(['2026.6.1']);
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
