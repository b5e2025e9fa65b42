import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { listSnapshots } from '../../src/state/snapshots.js';
import { rootAt } from '../../src/store/root.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { expectReturn, MIGRATES, OLD, worldWithState } from '../support/rolled-back.js';
import { exchangeFiles, wholeState } from '../support/state.js';
import { QUICK, type World } from '../support/world.js';

const atEnd = atEndOfAll();
let world: World;

beforeAll(async () => {
  world = await worldWithState(atEnd);
});

test('a release that migrates the state and crashes at start is rolled back with its state, and no tag leads to it again', async () => {
  const version = '2026.9.1';
  await expectReturn(world, version, { crashAtStart: true }, 'gateway_crashed');
  expect(await world.cli('update', 'latest', ...QUICK)).toMatchObject({
    exitCode: 3,
    json: { error: { code: 'release_quarantined', hint: expect.stringContaining(`update ${version}`) } },
  });
});

test('a damaged snapshot is not restored, and no gateway starts until it is repaired', async () => {
  world.publish('2026.9.4', { ...MIGRATES, crashAtStart: true });
  const before = await wholeState(world);
  const stamp = join(world.path, 'copied');
  const update = world.begin(['update', '2026.9.4', ...QUICK], {
    OPENCLAW_RELEASES_FAULT: 'hang after snapshot',
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  await until('the state is copied', () => existsSync(stamp), 30_000);
  const snapshot = listSnapshots(rootAt(world.root)).find(({ kind }) => kind === 'snapshot');
  const copy = join(world.root, 'states', snapshot?.name ?? '', 'files/identity/device.json');
  const whole = readFileSync(copy);
  writeFileSync(copy, '{"deviceId":"of somebody else"}');
  rmSync(stamp);

  const { exitCode, json } = await update.ended;
  expect(json).toMatchObject({
    status: 'rollback_failed',
    undoError: {
      code: 'restore_failed',
      message: expect.stringContaining(`its state is not restored. ${copy} is not what was kept.`),
    },
  });
  expect(exitCode).toBe(6);
  expect(await world.version()).toBeNull();

  writeFileSync(copy, whole);
  await until('the old release answers', async () => (await world.version()) === OLD, 30_000);
  expect(await wholeState(world)).toEqual(before);
  expect(exchangeFiles(world)).toEqual([]);
});
