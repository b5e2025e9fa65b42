import { expect, test } from 'vitest';
import { isolation } from '../../src/candidate/isolation.js';
import { candidateBlocker } from '../../src/candidate/preconditions.js';
import { makeWorld, QUICK } from '../support/world.js';

test('a candidate is worthwhile where there is memory for it and isolation', async () => {
  expect(await candidateBlocker('MemAvailable:    1000000 kB\n')).toBe(
    'There are 977 MiB of memory to be had, and a candidate is given 1536.',
  );
  expect(await candidateBlocker('')).toMatch(/memory/);
  const found = await isolation();
  expect(await candidateBlocker('MemAvailable:    9000000 kB\n')).toBe(found.available ? null : found.why);
});

test('an update reports how the candidate started on a copy of the state, or why it was not tried', async () => {
  const world = await makeWorld(undefined, { env: { OPENCLAW_RELEASES_PROBE: 'auto' } });
  world.publish('2026.6.1');
  world.publish('2026.6.2');
  await world.start('2026.6.1');
  const { steps } = await world.ok('update', '2026.6.2', ...QUICK);
  const { note } = steps.find(({ name }: { name: string }) => name === 'probe');
  const isTried = / ready on a copy of the state after /.test(note);
  if (!isTried) expect(note).toContain((await candidateBlocker()) ?? 'a copy of the state');
  expect(await world.version()).toBe('2026.6.2');
});

test('a drill starts the release on a copy of the state, or is refused with the reason', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  await world.start('2026.6.1');
  const { exitCode, json } = await world.cli('drill', 'current');
  const blocker = await candidateBlocker();
  if (blocker === null) expect(json).toMatchObject({ status: 'drill_passed', to: '2026.6.1', error: null });
  else expect(json).toMatchObject({ status: 'drill_failed', error: { code: 'drill_refused' } });
  expect(exitCode).toBe(blocker === null ? 0 : 3);
  expect((await world.ok('status')).rollback).toBeNull();
});
