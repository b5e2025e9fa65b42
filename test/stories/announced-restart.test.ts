import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { makeWorld, QUICK } from '../support/world.js';

const VERIFIED = 'package_updated_restart_verified';

/** An update and a rollback under `run`; words of the gateway about each SIGTERM, and facts of each change. */
async function updatedAndRolledBack(behaviour: Behaviour, env: Record<string, string> = {}) {
  const world = await makeWorld(onTestFinished);
  for (const version of ['2026.6.1', '2026.6.5'])
    world.publish(version, { tellsActivity: true, ...behaviour });
  await world.ok('stage', '2026.6.1');
  await world.ok('switch', '2026.6.1', '--no-restart');
  const running = await world.superviseWith(env);
  for (const change of [['update', '2026.6.5'], ['rollback']]) {
    expect(await world.ok(...change, ...QUICK)).toMatchObject({ status: VERIFIED });
  }
  const left = existsSync(join(world.path, 'state', 'gateway-restart-intent.json'));
  const notices = listChanges(rootAt(world.root)).map(({ facts }) => facts.restartNotice);
  return {
    words: running.stderr().match(/(?<=received SIGTERM; )\w+/g),
    notices: notices.filter(Boolean),
    left,
  };
}

test('a gateway that can drain is told of its restart by an update and by a rollback', async () => {
  expect(await updatedAndRolledBack({ drains: true })).toEqual({
    words: ['restarting', 'restarting'],
    notices: [{ way: 'handoff' }, { way: 'handoff' }],
    left: false,
  });
});

test('an older gateway is told by its file, where it knows that it is started again', async () => {
  expect(await updatedAndRolledBack({}, { INVOCATION_ID: 'a' })).toEqual({
    words: ['restarting', 'restarting'],
    notices: [{ way: 'intent' }, { way: 'intent' }],
    left: false,
  });
});

test('an older gateway that would stay in its process is stopped, and the record says why', async () => {
  const why = (version: string) => ({
    way: null,
    why: `${version} would stay in its process without systemd`,
  });
  expect(await updatedAndRolledBack({})).toEqual({
    words: ['shutting', 'shutting'],
    notices: [why('2026.6.1'), why('2026.6.5')],
    left: false,
  });
});
