import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sendSignal } from '../../src/ledger/signals.js';
import { currentRelease } from '../../src/store/links.js';
import { atEndOfAll } from '../support/at-end.js';
import { makeBusyWorld } from '../support/busy-world.js';
import { until } from '../support/place.js';
import { CLI, QUICK } from '../support/world.js';

const {
  world,
  root,
  busyWith,
  publish,
  beginUpdate,
  last,
  untilWaiting,
  untilCountdown,
  expectNothingChanged,
} = await makeBusyWorld(atEndOfAll());

test('a gateway that is busy for ever is restarted at the deadline, and the record has what that cut off', async () => {
  busyWith('embedded-run');
  const { update } = await beginUpdate('--idle-timeout', '1');
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    idle: { outcome: 'deadline', interruptedWork: ['1 agent run'] },
  });
});

test('restart-now ends the wait, and the countdown with it', async () => {
  busyWith('embedded-run');
  const { update } = await beginUpdate('--idle-timeout', '50', '--countdown', '50');
  await untilWaiting();
  await world.ok('restart-now');
  expect((await update.ended).json).toMatchObject({
    status: 'package_updated_restart_verified',
    idle: { outcome: 'skipped', interruptedWork: ['1 agent run'], restartAt: null },
  });
});

test('restart-now ends a countdown', async () => {
  const { update } = await beginUpdate('--idle-timeout', '0', '--countdown', '50');
  await untilCountdown();
  sendSignal(root, last()?.id ?? '', 'restart-now', 'gateway');
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    idle: { outcome: 'skipped' },
  });
  expect(json.steps.find(({ name }: { name: string }) => name === 'wait-idle').note).toContain(
    'somebody at the gateway',
  );
});

test('work that begins during the countdown is cut off, and is on record', async () => {
  const { update } = await beginUpdate('--idle-timeout', '5', '--countdown', '2');
  await untilCountdown();
  busyWith('embedded-run');
  expect((await update.ended).json.idle).toMatchObject({
    outcome: 'idle',
    interruptedWork: ['1 agent run'],
  });
});

test('stop during staging removes the partial release', async () => {
  const before = currentRelease(root);
  const to = publish();
  world.registry.fault({ kind: 'slow', match: new RegExp(`openclaw-${to}.tgz`), delayMs: 50_000 });
  const update = world.begin(['update', to, ...QUICK]);
  await until('it stages', () => last()?.steps.at(-1)?.name === 'stage');
  await world.ok('cancel');
  await expectNothingChanged(before, await update.ended, 4);
  expect(readdirSync(root.releases)).not.toContain(to);
});

test('recover leaves all as it was after an update is killed while it waits', async () => {
  busyWith('embedded-run');
  const before = currentRelease(root);
  const { to, update } = await beginUpdate('--idle-timeout', '50');
  await untilWaiting();
  sendSignal(root, last()?.id ?? '', 'restart-now', 'person');
  update.kill('SIGKILL');
  await update.ended;
  const { recovered } = await world.ok('recover');
  expect(recovered).toMatchObject([{ status: 'package_update_failed', error: { code: 'interrupted' } }]);
  await expectNothingChanged(before, { exitCode: 4, json: recovered[0], stdout: '', stderr: '' }, 4);
  expect(readdirSync(root.releases)).toContain(to);
});

test('a rollback waits only on request, and can be stopped as well', async () => {
  busyWith('embedded-run');
  const before = currentRelease(root);
  const rollback = world.begin(['rollback', ...QUICK, '--idle-timeout', '50']);
  await untilWaiting();
  await world.ok('cancel');
  await expectNothingChanged(before, await rollback.ended, 4);
  const { json } = await world.cli('rollback', ...QUICK);
  expect(json).toMatchObject({ status: 'package_updated_restart_verified' });
  expect(json.steps).not.toContainEqual(expect.objectContaining({ name: 'wait-idle' }));
});

test('a gateway that does not report its activity is not waited for', async () => {
  const silent = publish(false);
  await world.ok('update', silent, ...QUICK);
  busyWith('embedded-run');
  const { update } = await beginUpdate('--idle-timeout', '50');
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    idle: { outcome: 'unknown', busy: null },
  });
});

test('a request from inside of the gateway does not wait for itself', async () => {
  busyWith('background-exec');
  const to = publish();
  await world.ok('stage', to);
  const command = [process.execPath, CLI, 'update', to, ...QUICK].join(' ');
  await world.get(`/shell?command=${encodeURIComponent(command)}`);
  await until(
    'the change has its verdict',
    () => last()?.facts.to === to && last()?.status === 'package_updated_restart_verified',
    40_000,
  );
  expect(last()?.plan).not.toHaveProperty('idle');
  expect(await world.version()).toBe(to);
});
