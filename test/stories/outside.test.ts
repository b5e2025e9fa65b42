import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import { until } from '../support/place.js';
import { CLI, makeWorld, QUICK, type World } from '../support/world.js';

/** Gives a command in a shell that the gateway owns, as an agent would, and waits for the verdict in the ledger. */
async function fromInside(world: World, ...args: string[]) {
  const output = join(world.path, 'inside.log');
  const command = [process.execPath, CLI, ...args, '>', output, '2>&1'].join(' ');
  await world.get(`/shell?command=${encodeURIComponent(command)}`);
  const last = () => listChanges(rootAt(world.root)).at(-1);
  await until(
    'the change has its verdict',
    () => last()?.plan.kind === args[0] && last()?.endedAt !== null,
    40_000,
  );
  return { change: last(), output: readFileSync(output, 'utf8') };
}

test('incident-4: an update from a shell that the gateway owns is made by a detached worker', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  await world.start('2026.6.1');
  const { change, output } = await fromInside(world, 'update', '2026.6.5', ...QUICK);
  expect(change).toMatchObject({ status: 'package_updated_restart_verified', facts: { to: '2026.6.5' } });
  expect(output).toContain('openclaw-releases status --follow');
  expect(await world.version()).toBe('2026.6.5');
  expect(await world.ok('status')).toMatchObject({
    current: '2026.6.5',
    trial: null,
    running: null,
    interrupted: [],
  });
});

test('incident-4: a failing update from that shell rolls back all the same', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5', { neverReady: true });
  await world.start('2026.6.1');
  const { change } = await fromInside(world, 'update', '2026.6.5', ...QUICK);
  expect(change).toMatchObject({ status: 'rolled_back', error: { code: 'gateway_not_ready' } });
  expect(await world.version()).toBe('2026.6.1');
});

test('a supervisor that dies during an update is started again at once, and the update continues', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  const killed = await world.start('2026.6.1');
  const stamp = join(world.path, 'stamp');
  const update = world.begin(['update', '2026.6.5', ...QUICK], {
    OPENCLAW_RELEASES_FAULT: 'hang before switch',
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  await until('the update is before its switch', () => existsSync(stamp));
  killed.kill('SIGKILL');
  await until('the old gateway is gone', async () => (await world.version()) === null);
  const next = await world.supervise();
  expect(next.stderr()).toContain('The gateway is started meanwhile');
  expect(await world.version()).toBe('2026.6.1');
  rmSync(stamp);
  expect((await update.ended).json).toMatchObject({ status: 'package_updated_restart_verified' });
  expect(await world.version()).toBe('2026.6.5');
});
