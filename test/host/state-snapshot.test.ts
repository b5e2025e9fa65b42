import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smallFilesystem } from '../support/filesystem.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { stateOf, wholeState, writeOldState } from '../support/state.js';
import { makeWorld, QUICK } from '../support/world.js';

const OLD = '2026.6.1';

test('an update refuses to switch where the root is on another filesystem than the state, and changes nothing', async () => {
  const other = await makeWorld(undefined, {
    node: await sqliteNode(),
    rootIn: () => join(smallFilesystem(2048), 'root'),
  });
  other.publish(OLD);
  other.publish('2026.9.6', { migratesTo: { state: 18, agent: 23 } });
  await writeOldState(other);
  await other.start(OLD, '--stop-timeout', '2');
  const before = await wholeState(other);
  const { exitCode, json } = await other.cli('update', '2026.9.6', ...QUICK);
  expect(json).toMatchObject({
    status: 'package_update_failed',
    error: { code: 'snapshot_refused', message: expect.stringContaining(stateOf(other)) },
  });
  expect(exitCode).toBe(3);
  expect(await other.version()).toBe(OLD);
  expect(await wholeState(other)).toEqual(before);
});
