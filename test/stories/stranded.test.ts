import { existsSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execaCommand } from 'execa';
import { expect, test } from 'vitest';
import { until } from '../support/place.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const RELEASES = ['2026.6.1', '2026.6.2'];

/** Two releases that were both healthy, the newer one running, and a third that breaks the state for all but itself. */
async function worldBeforeDisaster(): Promise<World> {
  const world = await makeWorld();
  for (const version of RELEASES) world.publish(version);
  world.publish('2026.6.3', { claimsState: true, neverReady: true });
  await world.start('2026.6.1');
  await world.ok('update', '2026.6.2', ...QUICK);
  return world;
}

test('both broken: the update reports rollback_failed with the commands to type, and nothing changes afterwards', async () => {
  const world = await worldBeforeDisaster();
  const { exitCode, json } = await world.cli('update', '2026.6.3', ...QUICK);
  expect(exitCode).toBe(6);
  expect(json).toMatchObject({
    status: 'rollback_failed',
    error: { code: 'gateway_not_ready' },
    undoError: {
      code: 'gateway_crashed',
      message: expect.stringContaining('2026.6.2 could not be brought back'),
    },
  });
  const { hint } = json.undoError;
  expect(hint).toContain(`openclaw-releases rollback 2026.6.1 --root ${world.root}`);
  expect(hint).toContain(`ln -sfn releases/2026.6.1 ${join(world.root, 'current')}`);

  // Nobody tries again: not the next command, not recovery.
  for (let n = 0; n < 2; n++) {
    expect(await world.ok('recover')).toMatchObject({ recovered: [] });
    expect(await world.ok('status')).toMatchObject({
      current: '2026.6.2',
      trial: null,
      interrupted: [],
      last: { status: 'rollback_failed', undoError: { hint } },
    });
  }
  const quarantined = (await world.ok('list')).releases.filter((release: { marks: string[] }) =>
    release.marks.includes('quarantined'),
  );
  expect(quarantined.map(({ id }: { id: string }) => id)).toEqual(['2026.6.2', '2026.6.3']);
});

test('the release from before runs again though it ends once on its way', async () => {
  const world = await makeWorld();
  const once = join(world.path, 'crash-once');
  world.publish('2026.6.1', { crashesOnce: once });
  world.publish('2026.6.2', { crashAtStart: true });
  await world.start('2026.6.1');
  writeFileSync(once, '');
  const { exitCode, json } = await world.cli('update', '2026.6.2', ...QUICK);
  expect(existsSync(once)).toBe(false);
  expect(exitCode).toBe(5);
  expect(json).toMatchObject({ status: 'rolled_back', undoError: null });
  expect(await world.version()).toBe('2026.6.1');
});

test('both broken: the command that needs none of our code works once the state is repaired', async () => {
  const world = await worldBeforeDisaster();
  const { json } = await world.cli('update', '2026.6.3', ...QUICK);
  rmSync(join(world.env.OPENCLAW_STATE_DIR ?? '', 'claimed-by'));
  const link = json.undoError.hint.split('; ').find((command: string) => command.startsWith('ln '));
  await execaCommand(link);
  expect(readlinkSync(join(world.root, 'current'))).toBe('releases/2026.6.1');
  expect(existsSync(join(world.root, 'current/release.json'))).toBe(true);
  await until('the supervisor has started it', async () => (await world.version()) === '2026.6.1');
});

test('several broken in a row: no rollback returns to a release that failed, and the last answer is a refusal', async () => {
  const world = await makeWorld();
  world.publish('2026.6.1');
  world.publish('2026.6.2');
  await world.start('2026.6.1');
  await world.ok('update', '2026.6.2', ...QUICK);
  for (const [index, behaviour] of [{ crashAtStart: true }, { neverReady: true }].entries()) {
    const version = `2026.6.${3 + index}`;
    world.publish(version, behaviour);
    expect((await world.cli('update', version, ...QUICK)).json.status).toBe('rolled_back');
    expect(await world.ok('status')).toMatchObject({ current: '2026.6.2', previous: '2026.6.1' });
  }
  expect((await world.cli('update', '2026.6.3', ...QUICK)).json.status).toBe('rolled_back');
  const { quarantine } = await world.ok('show', '2026.6.3');
  expect(quarantine.points).toBeCloseTo(2, 2);
  expect(await world.ok('rollback', ...QUICK)).toMatchObject({ from: '2026.6.2', to: '2026.6.1' });
  expect(await world.version()).toBe('2026.6.1');
});
