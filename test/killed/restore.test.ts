import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { exchangeFiles, memoryOf, say, wholeState, writeOldState } from '../support/state.js';
import { makeWorld } from '../support/world.js';
import { inTurn, numbered } from './moments.js';

const LIMITS = ['--settle', '0.1', '--ready-timeout', '3'];

test('a launcher that is killed while it restores the state restores it at its next start', async () => {
  const world = await makeWorld(undefined, { node: await sqliteNode() });
  world.publish('2026.6.1');
  await writeOldState(world);
  let supervisor = await world.start('2026.6.1');
  let published = 0;

  /** Starts a supervisor whose launchers get this as well. */
  async function superviseWith(env: Record<string, string>): Promise<void> {
    supervisor.kill('SIGTERM');
    await supervisor.ended;
    supervisor = await world.superviseWith(env);
  }
  /** An update to a release that migrates the state, and then does not start. */
  async function failingUpdate() {
    const version = `2026.9.${++published}`;
    world.publish(version, { migratesTo: { state: 15, agent: 19 }, crashAtStart: true });
    return world.cli('update', version, ...LIMITS);
  }

  const trace = join(world.path, 'trace');
  await superviseWith({ OPENCLAW_RELEASES_FAULT_TRACE: trace });
  await failingUpdate();
  const passed = readFileSync(trace, 'utf8').trim().split('\n');
  // The supervisor writes its own record at each start.
  const moments = numbered(passed.slice(passed.indexOf('before write restore.json'))).filter(
    (point) => !point.includes('run.json'),
  );
  expect(moments.length).toBeGreaterThan(20);

  for (const point of inTurn(moments)) {
    const stamp = join(world.path, `stamp-${published}`);
    await superviseWith({
      OPENCLAW_RELEASES_FAULT: `kill ${point}`,
      OPENCLAW_RELEASES_FAULT_STAMP: stamp,
    });
    await say(world, `before it is killed ${point}`);
    const before = { memory: await memoryOf(world), state: await wholeState(world) };
    const { json } = await failingUpdate();
    expect(existsSync(stamp), `it came to ${point}`).toBe(true);
    expect(json, point).toMatchObject({ status: 'rolled_back', undoError: null });
    await until('the gateway answers', async () => (await world.version()) !== null);
    expect({ memory: await memoryOf(world), state: await wholeState(world) }, point).toEqual(before);
    expect(exchangeFiles(world), point).toEqual([]);
  }
}, 1_800_000);
