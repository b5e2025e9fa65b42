import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listChanges, saveChange } from '../../src/ledger/ledger.js';
import { acquireLock } from '../../src/store/lock.js';
import { rootAt } from '../../src/store/root.js';
import { until, writeTree } from '../support/place.js';
import { makeWorld } from '../support/world.js';

test('verdicts after one whose warning finds the lock taken are sent, and nothing starts notify anew', async () => {
  const world = await makeWorld();
  const place = writeTree(join(world.path, 'tell'), {
    me: `#!/bin/sh\n{ cat; echo; } >>"$0.said"\nuntil [ -e "$0.go" ]; do sleep 0.1; done\nexit 1\n`,
  });
  const program = join(place, 'me');
  const told = () =>
    existsSync(`${program}.said`) ? readFileSync(`${program}.said`, 'utf8').trim().split('\n').length : 0;
  chmodSync(program, 0o755);
  world.publish('2026.6.1');
  world.publish('2026.6.2');
  await world.ok('stage', '2026.6.1');
  await world.ok('stage', '2026.6.2');
  await world.ok('notify', program);
  const root = rootAt(world.root);
  for (const change of listChanges(root)) saveChange(root, { ...change, endedAt: new Date().toISOString() });
  // A gateway may wait for such a command.
  await world.ok('pin', '2026.6.1');
  expect(told()).toBe(0);
  const failing = { OPENCLAW_RELEASES_FAULT: 'throw before write ledger: staged' };
  expect((await world.begin(['notify', '--pending'], failing).ended).exitCode).not.toBe(0);
  expect(told()).toBe(0);

  const { ended } = world.begin(['notify', '--pending']);
  await until('the first is sent', () => told() === 1);
  const unlock = await acquireLock(root, 'a test');
  writeTree(place, { 'me.go': '' });
  expect(await ended).toMatchObject({ exitCode: 0, json: { sent: 2 } });
  await unlock();
  expect(told()).toBe(2);
  expect((await world.cli('notify', '--test')).json.error).toMatchObject({ code: 'notify_failed' });
});
