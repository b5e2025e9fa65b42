import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { makeTimerWorld } from '../support/timer-world.js';
import { QUICK } from '../support/world.js';

const { world, enable, auto, listing } = await makeTimerWorld(atEndOfAll());

test('the timer is off until an operator enables it, and explaining writes nothing', async () => {
  world.publish('2026.6.2', { tellsActivity: true });
  const before = listing();
  const { decision } = await world.ok('timer', 'explain');
  expect(decision).toMatchObject({ verdict: 'no', rule: 'disabled', reason: 'Automatic updates are off.' });
  expect(decision.votes).toHaveLength(21);
  expect(decision.votes).toContainEqual(
    expect.objectContaining({ rule: 'available', reason: 'The channel stable offers 2026.6.2.' }),
  );
  expect(listing()).toEqual(before);
  expect(await auto()).toMatchObject({ exitCode: 0, json: { decision: { verdict: 'no' }, changes: [] } });
});

test('a hold stops updates that name no version, and nothing else; status shows it', async () => {
  await enable();
  await world.ok('hold', '2d', '--why', 'exams');
  expect((await auto()).json.decision).toMatchObject({ verdict: 'wait', rule: 'held' });
  const refused = await world.cli('update', ...QUICK);
  expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: 'updates_held' } } });
  expect(refused.json.error.message).toContain('(exams)');
  expect((await world.ok('status')).auto).toMatchObject({ enabled: true, hold: { why: 'exams' } });
  await world.ok('update', '2026.6.2', ...QUICK);
  await world.ok('unhold');
  expect((await auto()).json.decision).toMatchObject({ verdict: 'no', rule: 'available' });
});

test('a release that fails is rolled back and not tried again; the fixed one is installed', async () => {
  world.publish('2026.6.6', { crashAtStart: true });
  await enable('--max-defer', '24h');
  expect(await auto()).toMatchObject({ exitCode: 5 });
  expect(await auto()).toMatchObject({
    exitCode: 0,
    json: { decision: { verdict: 'wait', rule: 'quarantined' }, changes: [] },
  });
  expect((await world.ok('timer', 'status')).quarantine).toMatchObject([{ release: '2026.6.6' }]);
  world.publish('2026.6.7');
  expect(await auto()).toMatchObject({ exitCode: 0, json: { decision: { verdict: 'update' } } });
  expect(await world.version()).toBe('2026.6.7');
});

test('a registry that does not answer is reported, and left alone for a while', async () => {
  await world.ok('timer', 'enable', '--registry', 'http://127.0.0.1:9/');
  const asked = world.registry.requests.length;
  for (const failures of [1, 1]) {
    const { json, exitCode } = await auto('--registry', 'http://127.0.0.1:9/');
    expect([exitCode, json.decision]).toMatchObject([0, { verdict: 'wait', rule: 'registry' }]);
    expect((await world.ok('status')).auto.trouble).toMatchObject({
      failures,
      error: { code: 'registry_unreachable' },
    });
  }
  const { decision, registry } = await world.ok('timer', 'explain', '--registry', 'http://127.0.0.1:9/');
  expect(decision.reason).toContain('did not answer');
  expect(registry).toMatchObject({ asked: false, known: { tags: { latest: '2026.6.7' } } });
  expect(world.registry.requests).toHaveLength(asked);
});

test('a corrupt timer state is kept, and a new one begins', async () => {
  writeFileSync(join(world.root, 'timer-state.json'), '{"schema":1');
  expect((await world.ok('status')).corrupt).toMatchObject([
    { path: expect.stringContaining('timer-state.json') },
  ]);
  await auto();
  expect(
    readdirSync(join(world.root, 'corrupt')).filter((name) => name.startsWith('timer-state.json')),
  ).toHaveLength(1);
  expect((await world.ok('status')).corrupt).toEqual([]);
});

test('the timer is off after disable, and keeps its settings', async () => {
  await world.ok('timer', 'disable');
  expect(await world.ok('timer', 'status')).toMatchObject({ enabled: false, settings: { delayHours: 0 } });
  expect((await auto()).json.decision).toMatchObject({ rule: 'disabled' });
});
