import { expect, test } from 'vitest';
import { makeWorld, QUICK } from '../support/world.js';

test('stage, run, update, verify, list, roll back: the main job', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.5');
  await world.start('2026.6.1');

  const update = await world.ok('update', ...QUICK);
  expect(update).toMatchObject({
    ok: true,
    status: 'package_updated_restart_verified',
    from: '2026.6.1',
    to: '2026.6.5',
  });
  expect(update.steps.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`)).toEqual([
    'resolve done',
    'check-space done',
    'stage done',
    'probe done',
    'seal done',
    'wait-idle done',
    'baseline done',
    'snapshot done',
    'switch done',
    'restart done',
    'verify done',
    'plugins skipped',
    'commit done',
    'prune done',
  ]);
  expect(await world.version()).toBe('2026.6.5');

  const { releases } = await world.ok('list');
  expect(releases.map(({ id, marks }: { id: string; marks: string[] }) => [id, marks])).toEqual([
    ['2026.6.1', ['previous']],
    ['2026.6.5', ['running', 'current']],
  ]);
  expect(await world.ok('verify')).toMatchObject({ ok: true, release: '2026.6.5', differences: [] });
  expect(await world.ok('update', ...QUICK)).toMatchObject({ status: 'already_current' });

  expect(await world.ok('rollback', ...QUICK)).toMatchObject({
    status: 'package_updated_restart_verified',
    to: '2026.6.1',
  });
  expect(await world.version()).toBe('2026.6.1');
  expect(await world.ok('status')).toMatchObject({
    current: '2026.6.1',
    previous: '2026.6.5',
    trial: null,
    gateway: {
      release: '2026.6.1',
      state: 'running',
      restarts: 0,
      health: { ready: true, version: '2026.6.1' },
    },
    running: null,
    interrupted: [],
  });
  const { changes } = await world.ok('history');
  expect(changes.map(({ status }: { status: string }) => status)).toEqual([
    'staged',
    'package_updated_restart_scheduled',
    'package_updated_restart_verified',
    'already_current',
    'package_updated_restart_verified',
  ]);
});
