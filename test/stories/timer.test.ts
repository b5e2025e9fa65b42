import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { makeTimerWorld } from '../support/timer-world.js';
import { QUICK } from '../support/world.js';

const { world, enable, auto, announced, openclawIs } = await makeTimerWorld(atEndOfAll());

test.each([
  [{ auto: { enabled: false } }, 'update.auto.enabled is false'],
  [{ checkOnStart: false }, 'update.checkOnStart is false'],
  [{ channel: 'dev' }, 'there are no releases of it'],
  [{ channel: 'extended-stable' }, 'openclaw-releases update extended-stable'],
])('OpenClaw’s own %j keeps it from updating', async (update, reason) => {
  await enable();
  openclawIs(update);
  const { json } = await auto();
  expect(json.decision).toMatchObject({
    verdict: 'no',
    rule: 'disabled',
    reason: expect.stringContaining(reason),
  });
  expect((await world.ok('timer', 'status')).blockedBy).toEqual([expect.stringContaining(reason)]);
});

test('the variable keeps it from updating as well, in the environment of its process', async () => {
  const { json } = await world.begin(['timer', 'run'], { OPENCLAW_NO_AUTO_UPDATE: '1' }).ended;
  expect(json.decision).toMatchObject({
    rule: 'disabled',
    reason: expect.stringContaining('OPENCLAW_NO_AUTO_UPDATE'),
  });
});

test('the timer keeps to OpenClaw’s channel, unless another one was set here', async () => {
  openclawIs({ channel: 'beta', auto: { enabled: true } });
  expect(await world.ok('timer', 'status')).toMatchObject({
    settings: { channel: 'beta' },
    channelFrom: 'openclaw',
  });
  expect(await enable('--channel', 'stable')).toMatchObject({
    ...{ settings: { channel: 'stable' }, channelFrom: 'timer' },
    notes: [expect.stringContaining('is beta, and the timer keeps to stable')],
  });
  await enable('--defaults');
});

test('an update stopped in its countdown is not taken again for a day, and stays staged', async () => {
  world.publish('2026.6.3', { tellsActivity: true });
  await enable('--countdown', '60');
  const begun = await announced();
  expect((await auto()).json.decision).toMatchObject({
    verdict: 'wait',
    reason: 'Another run of the timer is active.',
  });
  await world.ok('cancel');
  expect(await begun.ended).toMatchObject({
    exitCode: 4,
    json: {
      changes: [{ status: 'staged' }, { status: 'package_update_failed', error: { code: 'interrupted' } }],
    },
  });
  const { json, exitCode } = await auto();
  expect([exitCode, json.decision]).toMatchObject([0, { verdict: 'wait', version: '2026.6.3' }]);
  expect(json.decision.reason).toContain('2026.6.3 was stopped by hand');
  const until = Date.parse(json.decision.until) - Date.now();
  expect(until / 3_600_000).toBeCloseTo(24, 0);
  expect(await world.version()).toBe('2026.6.1');
  await world.ok('update', '2026.6.3', ...QUICK);
});

test('a hold stops an announced update', async () => {
  world.publish('2026.6.4', { tellsActivity: true });
  await enable('--countdown', '60');
  const begun = await announced();
  const { stopped } = await world.ok('hold');
  expect(stopped).toContain('-update-');
  expect((await begun.ended).json.changes.at(-1)).toMatchObject({ error: { code: 'interrupted' } });
  expect((await auto()).json.decision).toMatchObject({ verdict: 'no', rule: 'held' });
  await world.ok('unhold');
  await world.ok('update', '2026.6.4', ...QUICK);
});

test('an update killed in its countdown leaves nothing that the next run does not recover', async () => {
  world.publish('2026.6.4-1', { tellsActivity: true });
  await enable('--countdown', '60');
  const begun = await announced();
  begun.kill('SIGKILL');
  await begun.ended;
  const again = await announced();
  await world.ok('restart-now');
  const { json, exitCode } = await again.ended;
  expect([exitCode, json.changes]).toMatchObject([
    0,
    [{ status: 'package_updated_restart_verified', warnings: [expect.stringContaining('was undone')] }],
  ]);
  expect(await world.version()).toBe('2026.6.4-1');
  expect(readdirSync(world.root)).not.toContain('timer.lock');
});

test('a busy gateway is left alone until the next run, and restarted after the deadline', async () => {
  world.publish('2026.6.5', { tellsActivity: true });
  const busy = join(world.path, 'state/busy');
  writeFileSync(busy, 'embedded-run\nembedded-run\n');
  onTestFinished(() => rmSync(busy, { force: true }));
  await world.ok('stage', '2026.6.5');
  await enable('--max-defer', '6s');
  const first = await auto();
  expect(first).toMatchObject({ exitCode: 0, json: { decision: { verdict: 'wait', rule: 'gateway' } } });
  expect(first.json.changes.at(-1)).toMatchObject({ error: { code: 'gateway_busy' } });
  expect(await world.version()).not.toBe('2026.6.5');
  expect((await world.ok('timer', 'status')).announced).toMatchObject({ version: '2026.6.5' });
  const second = await auto();
  expect(second.json.changes.at(-1)).toMatchObject({
    status: 'package_updated_restart_verified',
    idle: { outcome: 'deadline', interruptedWork: [expect.stringContaining('agent run')] },
  });
  expect((await world.ok('timer', 'status')).announced).toBe(null);
});
