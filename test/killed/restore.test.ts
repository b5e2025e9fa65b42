import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { exchangeFiles, memoryOf, say, wholeState, writeOldState } from '../support/state.js';
import { makeWorld, type RunningSupervisor, type World } from '../support/world.js';

/** Each effect of the program that the launcher runs, in their order; it is killed when that has happened. */
const POINTS = [
  'before write restore.json',
  'after write restore.json',
  'after move',
  'after move #5',
  'after sync',
  'after write set-aside',
  'after write restore.json #2',
  'after move #12',
  'after sync #2',
  'after rename used up',
  'after write last-restore.json',
  'after remove restore.json',
];

const LIMITS = ['--settle', '0.1', '--ready-within', '3'];

const atEnd = atEndOfAll();
let world: World;
let supervisor: RunningSupervisor;
let published = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd, { node: await sqliteNode() });
  world.publish('2026.6.1');
  await writeOldState(world);
  supervisor = await world.start('2026.6.1');
});

/** From here on the launchers are given this as well. */
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

test('the launcher does nothing durable that is not in the table, in an update that goes back', async () => {
  const trace = join(world.path, 'trace');
  await superviseWith({ OPENCLAW_RELEASES_FAULT_TRACE: trace });
  await failingUpdate();
  const passed = readFileSync(trace, 'utf8').trim().split('\n');
  const begins = passed.indexOf('before write restore.json');
  const effects = passed.slice(begins).filter((point) => point.startsWith('after '));
  // What the supervisor writes at each start is no part of it.
  const expected = new Set(POINTS.slice(1).map((point) => point.replace(/ #\d+$/, '')));
  expect(new Set(effects.filter((point) => !point.endsWith('run.json')))).toEqual(expected);
});

test.each(POINTS)('the launcher is killed %s, and the next start ends the restore', async (point) => {
  const stamp = join(world.path, `stamp-${published}`);
  await superviseWith({
    OPENCLAW_RELEASES_FAULT: `kill ${point}`,
    OPENCLAW_RELEASES_FAULT_STAMP: stamp,
  });
  await say(world, `before it is killed ${point}`);
  const before = { memory: await memoryOf(world), state: await wholeState(world) };
  const { json } = await failingUpdate();
  expect(existsSync(stamp), 'it came to that moment').toBe(true);
  expect(json).toMatchObject({ status: 'rolled_back', undoError: null });
  await until('the gateway answers', async () => (await world.version()) !== null);
  expect({ memory: await memoryOf(world), state: await wholeState(world) }).toEqual(before);
  expect(exchangeFiles(world)).toEqual([]);
});
