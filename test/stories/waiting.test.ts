import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitCodeOf, makeChange } from '../../src/change/run.js';
import type { IdleLimits } from '../../src/ledger/plan.js';
import { currentRelease } from '../../src/store/links.js';
import { builtinSupervisor } from '../../src/supervisor/builtin/client.js';
import { atEndOfAll } from '../support/at-end.js';
import { makeBusyWorld } from '../support/busy-world.js';

const { world, root, busyWith, publish, beginUpdate, untilWaiting, expectNothingChanged } =
  await makeBusyWorld(atEndOfAll());

test('an update waits for a busy gateway, and status names its work', async () => {
  busyWith('embedded-run', 'embedded-run', 'task');
  const { to, update } = await beginUpdate('--idle-timeout', '50');
  await untilWaiting();
  const { running } = await world.ok('status');
  expect(running).toMatchObject({
    step: 'wait-idle',
    idle: { busy: ['2 agent runs', '1 task'], restartAt: null },
  });
  const { announcedAt, deadlineAt } = running.idle;
  expect(Date.parse(deadlineAt) - Date.parse(announcedAt)).toBe(50_000);
  expect(await world.cli('update')).toMatchObject({
    exitCode: 3,
    json: { error: { code: 'locked', hint: expect.stringContaining('openclaw-releases cancel') } },
  });
  busyWith('task');
  expect((await world.ok('status')).running.idle.busy).toEqual(['1 task']);
  expect(await world.version()).not.toBe(to);
  busyWith();
  const { json } = await update.ended;
  expect(json).toMatchObject({
    status: 'package_updated_restart_verified',
    idle: { outcome: 'idle' },
  });
  expect(json.idle).not.toHaveProperty('interruptedWork');
});

test('an update that gives up on a busy gateway is refused as gateway_busy, and the release stays staged', async () => {
  busyWith('cron-run');
  const before = currentRelease(root);
  const to = publish();
  await world.ok('stage', to);
  const idle: IdleLimits = { withinMs: 500, countdownMs: 60_000, giveUp: true };
  const change = await makeChange(
    { root, supervisor: builtinSupervisor(root.path) },
    { kind: 'update', target: to, options: { idle, initiator: 'timer' } },
  );
  expect(change).toMatchObject({
    status: 'package_update_failed',
    error: { code: 'gateway_busy', message: expect.stringContaining('1 scheduled run') },
  });
  await expectNothingChanged(
    before,
    { exitCode: exitCodeOf(change), json: change, stdout: '', stderr: '' },
    3,
  );
  expect(readdirSync(root.releases)).toContain(to);
});
