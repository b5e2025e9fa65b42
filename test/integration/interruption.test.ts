import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { unfinishedChanges } from '../../src/change/ledger.js';
import {
  commandLineOf,
  descendsFrom,
  identify,
  isAlive,
  type ProcessIdentity,
  processIds,
} from '../../src/host/process.js';
import { rootAt } from '../../src/store/root.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { until } from '../support/place.js';
import { CLI, makeWorld, QUICK, type World } from '../support/world.js';

/** Starts an update to 2026.6.5 and stops it with a signal as soon as its ledger names the step. */
async function stopDuring(world: World, step: string, signal: NodeJS.Signals, ...options: string[]) {
  const update = execa(process.execPath, [CLI, 'update', '2026.6.5', '--json', ...options], {
    env: world.env,
    extendEnv: false,
    reject: false,
  });
  const root = rootAt(world.root);
  await until(`the update is at ${step}`, () => unfinishedChanges(root).at(-1)?.steps.at(-1)?.name === step);
  update.kill(signal);
  const { exitCode, stdout } = await update;
  return { exitCode, document: stdout ? JSON.parse(stdout) : null };
}

/** Kills an update while its worker, which is stopped first, fetches. */
async function killDuringStage(world: World): Promise<{ child: ProcessIdentity }> {
  const update = execa(process.execPath, [CLI, 'update', '2026.6.5'], {
    env: world.env,
    extendEnv: false,
    reject: false,
  });
  const worker = () =>
    processIds().find(
      (pid) =>
        pid !== update.pid &&
        descendsFrom(pid, update.pid ?? -1) &&
        commandLineOf(pid).includes('install-worker'),
    ) ?? -1;
  await until('its worker runs', () => worker() > 0);
  const child = identify(worker());
  if (child === null) throw new Error('The worker ended at once.');
  process.kill(child.pid, 'SIGSTOP');
  update.kill('SIGKILL');
  await update;
  return { child };
}

async function updatableWorld(behaviour: Behaviour = {}): Promise<World> {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5', behaviour);
  await world.start('2026.6.1');
  return world;
}

async function expectSettledOn(world: World, version: string): Promise<void> {
  expect(await world.ok('status')).toMatchObject({
    current: version,
    trial: null,
    running: null,
    interrupted: [],
    gateway: { release: version, health: { ready: true } },
  });
  expect(readdirSync(join(world.root, 'staging'))).toEqual([]);
  expect(readdirSync(world.root)).not.toContain('lock');
}

const slowly = (world: World) =>
  world.registry.fault({ kind: 'slow', match: /openclaw-2026\.6\.5\.tgz/, delayMs: 20_000 });

test('Ctrl-C while staging leaves nothing behind', async () => {
  const world = await updatableWorld();
  slowly(world);
  const { exitCode, document } = await stopDuring(world, 'stage', 'SIGINT');
  expect(document).toMatchObject({ status: 'package_update_failed', error: { code: 'interrupted' } });
  expect(exitCode).toBe(4);
  await expectSettledOn(world, '2026.6.1');
  expect(readdirSync(join(world.root, 'releases'))).toEqual(['2026.6.1']);
});

test('what staged for a process that was killed is ended before its work is removed', async () => {
  const world = await updatableWorld();
  slowly(world);
  const { child } = await killDuringStage(world);
  // Stopped, it cannot hear that its parent is gone; going on, it would make anew what recovery removes.
  expect(isAlive(child)).toBe(true);
  await world.ok('recover');
  expect(isAlive(child)).toBe(false);
  await expectSettledOn(world, '2026.6.1');
});

test('Ctrl-C while verifying goes back', async () => {
  const world = await updatableWorld();
  const { exitCode, document } = await stopDuring(world, 'verify', 'SIGINT', '--settle', '30');
  expect(document).toMatchObject({ status: 'rolled_back', error: { code: 'interrupted' } });
  expect(exitCode).toBe(5);
  await expectSettledOn(world, '2026.6.1');
});

test('killed while staging: recover drops what was staged', async () => {
  const world = await updatableWorld();
  slowly(world);
  await stopDuring(world, 'stage', 'SIGKILL');
  expect(await world.ok('status')).toMatchObject({ running: null, interrupted: [expect.any(String)] });
  expect(await world.ok('recover')).toMatchObject({
    recovered: [{ status: 'package_update_failed', error: { code: 'interrupted' } }],
  });
  await expectSettledOn(world, '2026.6.1');
});

test('killed while verifying: recover verifies what runs and keeps it', async () => {
  const world = await updatableWorld();
  await stopDuring(world, 'verify', 'SIGKILL', '--settle', '2');
  expect(await world.ok('recover')).toMatchObject({
    recovered: [{ status: 'package_updated_restart_verified' }],
  });
  await expectSettledOn(world, '2026.6.5');
});

test('killed while verifying a release that never gets ready: the next command goes back', async () => {
  const world = await updatableWorld({ neverReady: true });
  await stopDuring(world, 'verify', 'SIGKILL', ...QUICK);
  await world.ok('pin', '2026.6.1');
  const { changes } = await world.ok('history');
  expect(changes.at(-1)).toMatchObject({
    status: 'rolled_back',
    error: { code: 'gateway_not_ready' },
    recovery: { how: 'undone', why: expect.stringContaining('if it passes verification') },
  });
  expect(await world.ok('show', '2026.6.5')).toMatchObject({ marks: ['quarantined'] });
  await expectSettledOn(world, '2026.6.1');
});

test('killed while verifying a release that crashes: the launcher goes back without any of our code', async () => {
  const world = await updatableWorld({ crashAfterMs: 2_000 });
  await stopDuring(world, 'verify', 'SIGKILL', '--settle', '30');
  await until('the launcher has gone back', async () => (await world.version()) === '2026.6.1', 30_000);
  await world.ok('recover');
  await expectSettledOn(world, '2026.6.1');
});
