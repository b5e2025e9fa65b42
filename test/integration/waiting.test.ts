import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { currentRelease } from '../../src/store/links.js';
import { atEndOfAll } from '../support/at-end.js';
import { makeBusyWorld } from '../support/busy-world.js';
import { until } from '../support/place.js';
import { QUICK, typed } from '../support/world.js';

const { world, root, publish, beginUpdate, untilCountdown, expectNothingChanged } = await makeBusyWorld(
  atEndOfAll(),
);

test('stop ends a countdown; what runs stays, and the release stays staged', async () => {
  const before = currentRelease(root);
  const { to, update } = await beginUpdate('--countdown', '50');
  await untilCountdown();
  expect(await world.ok('cancel')).toMatchObject({ error: { code: 'interrupted' } });
  const ended = await update.ended;
  await expectNothingChanged(before, ended, 4);
  expect(ended.json.steps.at(-1)).toMatchObject({ name: 'wait-idle', note: ended.json.error.message });
  expect(ended.json.error).toEqual({
    code: 'interrupted',
    message: 'Cancelled by a person.',
    untouched: `Nothing that runs was changed. ${to} stays staged.`,
    hint: typed(world, `update ${to}, to do it after all`),
  });
  expect(readdirSync(root.releases)).toContain(to);
  expect(await world.cli('cancel')).toMatchObject({
    exitCode: 3,
    json: { error: { code: 'no_active_change' } },
  });
});

test('cancel and restart-now are refused after the switch', async () => {
  const to = publish();
  const stamp = join(world.path, 'verifies');
  const update = world.begin(['update', to, ...QUICK, '--idle-timeout', '0'], {
    OPENCLAW_RELEASES_FAULT: 'hang before verify',
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  await until('the update verifies', () => existsSync(stamp));
  for (const command of ['cancel', 'restart-now']) {
    expect(await world.cli(command)).toMatchObject({
      exitCode: 3,
      json: { error: { code: 'already_switched' } },
    });
  }
  rmSync(stamp);
  expect((await update.ended).json).toMatchObject({ status: 'package_updated_restart_verified' });
  expect(currentRelease(root)).toBe(to);
  expect(readdirSync(root.staging)).toEqual([]);
});
