import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive } from '../../src/host/process.js';
import { readRunRecord } from '../../src/supervisor/builtin/record.js';
import { until } from '../support/place.js';
import { slowness } from '../support/slowness.js';
import { CLI, makeWorld, QUICK, typed, type World } from '../support/world.js';

/** Starts its arguments below a shell, as a supervisor does where `su -c` or a script stands between. */
const KEEPER = `
const { spawn } = require('node:child_process');
spawn('/bin/sh', ['-c', '"$@" & wait', 'sh', ...process.argv.slice(1)], { stdio: 'ignore' });
`;

async function superviseBelow(world: World) {
  const keeper = spawn(world.node, ['-e', KEEPER, world.node, CLI, 'run'], {
    env: world.env,
    stdio: 'ignore',
  });
  await until('the gateway is ready', async () => (await world.get('/readyz'))?.status === 200);
  const record = readRunRecord(world.root);
  if (!record?.gateway) throw new Error('run.json names no gateway.');
  const { supervisor, gateway } = record;
  onTestFinished(async () => {
    if (isAlive(supervisor)) process.kill(supervisor.pid, 'SIGTERM');
    await until('run has ended', () => !isAlive(supervisor));
  });
  return { keeper, supervisor, gateway };
}

test('run --replace ends a run whose supervisor was killed, after the change that is active, and no other', {
  timeout: 120_000 * slowness,
}, async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  await world.ok('stage', '2026.6.1');
  await world.ok('switch', '2026.6.1', '--no-restart');
  const { keeper, supervisor, gateway } = await superviseBelow(world);

  const refused = { exitCode: 3, json: { error: { code: 'supervisor_already_running' } } };
  expect(await world.cli('run', '--replace')).toMatchObject(refused);
  keeper.kill('SIGKILL');
  await once(keeper, 'exit');
  const plain = await world.cli('run');
  expect(plain).toMatchObject(refused);
  expect(plain.json.error.hint).toBe(typed(world, 'run --replace'));
  expect(isAlive(gateway)).toBe(true);

  const stamp = join(world.path, 'stamp');
  const update = world.begin(['update', '2026.6.5', ...QUICK], {
    OPENCLAW_RELEASES_FAULT: 'hang before switch',
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  await until('the update is before its switch', () => existsSync(stamp));
  const next = await world.supervise('--replace');
  await until('it waits for the update', () => next.stderr().includes('The gateway is replaced after it'));
  expect(isAlive(gateway)).toBe(true);
  rmSync(stamp);
  expect((await update.ended).json).toMatchObject({ status: 'package_updated_restart_verified' });

  const now = () => readRunRecord(world.root);
  await until('it has a gateway', () => now()?.supervisor.pid === next.pid && now()?.gateway !== null);
  expect(isAlive(supervisor)).toBe(false);
  await until('2026.6.5 answers', async () => (await world.version()) === '2026.6.5');
});
