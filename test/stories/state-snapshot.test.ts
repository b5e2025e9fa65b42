import { closeSync, ftruncateSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { listSnapshots } from '../../src/state/snapshots.js';
import { rootAt } from '../../src/store/root.js';
import type { Behaviour } from '../registry/gateway-package.js';
import { atEndOfAll } from '../support/at-end.js';
import { until } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { memoryOf, say, stateOf, wholeState, wordsOf, writeOldState } from '../support/state.js';
import { makeWorld, QUICK, type World } from '../support/world.js';

const OLD = '2026.9.2';
const DECLARED = { state: 15, agent: 19 };
const OLD_BEHAVIOUR: Behaviour = { migratesTo: DECLARED, schemaVersions: DECLARED };

const atEnd = atEndOfAll();
let world: World;
let published = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd, { node: await sqliteNode() });
  world.publish(OLD, OLD_BEHAVIOUR);
  await writeOldState(world);
  await world.start(OLD, '--stop-timeout', '2');
});

function publish(behaviour: Behaviour): string {
  const version = `2026.9.${10 + ++published}`;
  world.publish(version, behaviour);
  return version;
}

const kept = () => listSnapshots(rootAt(world.root));

/** Nothing of what runs, of what it knows and of what is kept is another than it was. */
async function standing() {
  const { gateway, current, previous, trial } = await world.ok('status');
  return { ...{ pid: gateway.pid, current, previous, trial, kept: kept() }, state: await wholeState(world) };
}

describe('a snapshot before a switch', () => {
  const failing = { neverReady: true };
  const same = { ...OLD_BEHAVIOUR, ...failing };

  test.each<[string, Behaviour, string]>([
    ['has the configuration, for a release that declares the same databases', same, 'config'],
    [
      'has everything, for a release that declares newer ones',
      { ...same, schemaVersions: { state: 18, agent: 23 } },
      'all',
    ],
    ['has everything, for a release that declares none', { migratesTo: DECLARED, ...failing }, 'all'],
  ])('%s', async (_, behaviour, scope) => {
    const before = await standing();
    const { json } = await world.cli('update', publish(behaviour), ...QUICK);
    expect(json).toMatchObject({
      status: 'rolled_back',
      snapshot: { scope },
      stateRestored: { restored: false },
    });
    expect(await standing()).toEqual({ ...before, pid: expect.any(Number) });
  });

  test('of the configuration alone rolls back alone: messages meanwhile stay', async () => {
    const version = publish({ ...same, touchesConfig: true });
    const before = await standing();
    const { memory, file } = { memory: await memoryOf(world), file: join(stateOf(world), 'openclaw.json') };
    const update = world.begin(['update', version, ...QUICK]);
    await until('the new release answers', async () => (await world.version()) === version);
    await say(world, 'said during the trial');
    expect(readFileSync(file, 'utf8')).toContain(version);
    const { json } = await update.ended;
    expect(json).toMatchObject({ status: 'rolled_back', stateRestored: { restored: true } });
    expect((await memoryOf(world)).said).toEqual([
      ...memory.said,
      { by: version, text: 'said during the trial' },
    ]);
    expect((await wholeState(world))['openclaw.json']).toBe(before.state['openclaw.json']);
  });

  test('is left out on request', async () => {
    const version = publish({ ...OLD_BEHAVIOUR, ...failing });
    const { json } = await world.cli('update', version, '--no-snapshot', ...QUICK);
    expect(json.status).toBe('rolled_back');
    expect(json.snapshot).toBe(null);
  });

  test('is announced by a dry run, and not made', async () => {
    const before = await standing();
    const { steps } = await world.ok('update', publish({}), '--dry-run');
    expect(steps.find(({ name }: { name: string }) => name === 'snapshot').note).toMatch(
      /would copy \d+ files/,
    );
    expect(await standing()).toEqual(before);
  });
});

test('a release that migrates although it declares the same databases cannot be rolled back from, and nothing is lost', async () => {
  const other = await makeWorld(undefined, { node: world.node });
  const lying = { migratesTo: { state: 18, agent: 23 }, schemaVersions: DECLARED };
  other.publish(OLD, OLD_BEHAVIOUR);
  other.publish('2026.9.6', { ...lying, neverReady: true });
  other.publish('2026.9.7', lying);
  await other.start(OLD, '--stop-timeout', '2');
  await say(other, 'before a lying one');
  const { exitCode, json } = await other.cli('update', '2026.9.6', ...QUICK);
  expect(json).toMatchObject({ status: 'rollback_failed', snapshot: { scope: 'config' } });
  expect(exitCode).toBe(6);
  // A release that reads it has all of it.
  await other.start('2026.9.7');
  expect(await wordsOf(other)).toEqual(['before a lying one']);
});

describe('an update that cannot keep the state is refused before the switch, and nothing is changed:', () => {
  test('there is no room for it', async () => {
    const before = await standing();
    const large = join(stateOf(world), 'large.bin');
    const fd = openSync(large, 'w');
    // Holes: it takes no room, and its copy is measured by what it would hold.
    ftruncateSync(fd, 4 * 2 ** 40);
    closeSync(fd);
    try {
      const { exitCode, json } = await world.cli(
        'update',
        publish({ migratesTo: { state: 18, agent: 23 } }),
        ...QUICK,
      );
      expect(json).toMatchObject({ status: 'package_update_failed', error: { code: 'insufficient_space' } });
      expect(exitCode).toBe(3);
    } finally {
      rmSync(large);
    }
    expect(await standing()).toEqual(before);
  });
});

test.each(['before rename snapshot', 'after snapshot'])(
  'an update that is killed %s leaves no partial snapshot, and the next one succeeds',
  async (point) => {
    const version = publish({ migratesTo: { state: 18 + published, agent: 23 } });
    const before = await standing();
    await world.begin(['update', version, ...QUICK], { OPENCLAW_RELEASES_FAULT: `kill ${point}` }).ended;
    await world.ok('recover');
    expect(await standing()).toEqual(before);
    await world.ok('update', version, ...QUICK);
    expect(kept().at(-1)).toMatchObject({ kind: 'snapshot', release: before.current });
  },
);
