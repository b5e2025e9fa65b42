import { expect, test } from 'vitest';
import { currentRelease } from '../../src/store/links.js';
import { atEndOfAll } from '../support/at-end.js';
import { makeBusyWorld } from '../support/busy-world.js';
import { until } from '../support/place.js';
import { QUICK } from '../support/world.js';

const { world, root, busyWith, publish, beginUpdate, last, expectNothingChanged } = await makeBusyWorld(
  atEndOfAll(),
  { drains: true },
);

/** Checks that keep the gateway from being ready. */
async function failing(): Promise<string[]> {
  const response = await fetch(`${world.url}/readyz`);
  return ((await response.json()) as { failing: string[] }).failing;
}

async function untilDrained(): Promise<void> {
  await until('the gateway drains', () => last()?.facts.drain !== undefined);
  expect(await failing()).toEqual(['gateway-draining']);
}

test('a busy gateway takes no new work while an update waits, and the release that it leaves counts as ready', async () => {
  busyWith('embedded-run agent:main:main 1764158587000');
  const { to, update } = await beginUpdate('--idle-timeout', '50');
  await untilDrained();
  expect((await world.ok('status')).running.idle.busy).toEqual(['1 agent run']);
  busyWith();
  const { json } = await update.ended;
  expect(json).toMatchObject({ status: 'package_updated_restart_verified', idle: { outcome: 'idle' } });
  expect(last()?.facts).toMatchObject({ to, baseline: { health: { ready: true, failing: [] } } });
  expect(last()?.facts).not.toHaveProperty('drain');
  expect(await failing()).toEqual([]);
});

test('work that outlasts the wait is on record with its session and its begin', async () => {
  busyWith('embedded-run agent:main:main 1764158587000');
  const { update } = await beginUpdate('--idle-timeout', '1');
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    idle: {
      outcome: 'deadline',
      interruptedWork: ['1 agent run', 'session agent:main:main since 2025-11-26T12:03:07Z'],
    },
  });
});

test('cancel opens the gateway again', async () => {
  const before = currentRelease(root);
  busyWith('task');
  const { update } = await beginUpdate('--idle-timeout', '50');
  await untilDrained();
  await world.ok('cancel');
  await expectNothingChanged(before, await update.ended, 4);
  expect(await failing()).toEqual([]);
});

test.each([
  ['fails before its switch', 'throw before switch', 'package_update_failed'],
  ['is killed, by its recovery,', 'kill before switch', 'package_update_failed'],
])('a change that %s opens the gateway again', async (_, fault, status) => {
  const before = currentRelease(root);
  const to = publish();
  await world.ok('stage', to);
  const env = { OPENCLAW_RELEASES_FAULT: fault };
  await world.begin(['update', to, ...QUICK, '--idle-timeout', '50'], env).ended.catch(() => {});
  await world.cli('recover');
  expect(last()?.status).toBe(status);
  expect(currentRelease(root)).toBe(before);
  expect(await failing()).toEqual([]);
});
