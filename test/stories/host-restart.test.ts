import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unfinishedChanges } from '../../src/ledger/ledger.js';
import { rootAt } from '../../src/store/root.js';
import { readRunRecord } from '../../src/supervisor/builtin/record.js';
import { until } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { say, wholeState, writeOldState } from '../support/state.js';
import { makeWorld, QUICK } from '../support/world.js';

const OLDER = '2026.6.1';
const NEWER = '2026.9.2';

test('a container that ends while a rollback exchanges the state comes back with one release and its state', async () => {
  const world = await makeWorld(undefined, { node: await sqliteNode() });
  world.publish(OLDER);
  world.publish(NEWER, { migratesTo: { state: 15, agent: 19 } });
  await writeOldState(world);
  const first = await world.start(OLDER, '--stop-timeout', '2');
  await world.ok('update', NEWER, ...QUICK);
  await say(world, 'only the newer one knows');
  const before = await wholeState(world);
  first.kill('SIGTERM');
  await first.ended;

  const stamp = join(world.path, 'exchanging');
  const second = await world.superviseWith(
    { OPENCLAW_RELEASES_FAULT: 'hang before sync #2', OPENCLAW_RELEASES_FAULT_STAMP: stamp },
    ...['--stop-timeout', '2'],
  );
  const rollback = world.begin(['rollback', '--yes']);
  await until('the state is being exchanged', () => existsSync(stamp));
  const launcher = readRunRecord(world.root)?.gateway?.pid ?? 1;
  const owners = unfinishedChanges(rootAt(world.root)).map(({ owner }) => owner.pid);
  expect(owners).toHaveLength(1);
  for (const pid of new Set([...owners, rollback.pid, second.pid, -launcher])) process.kill(pid, 'SIGKILL');
  await Promise.all([rollback.ended, second.ended]);
  rmSync(stamp);

  await world.supervise('--stop-timeout', '2');
  expect(await world.version()).toBe(NEWER);
  expect(await world.ok('status')).toMatchObject({
    current: NEWER,
    trial: null,
    interrupted: [],
    last: { status: 'rolled_back', undoError: null },
  });
  expect(await wholeState(world)).toEqual(before);
  expect(await world.ok('recover')).toMatchObject({ recovered: [] });
});
