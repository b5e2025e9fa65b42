import { describe, expect } from 'vitest';
import type { AtEnd } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { exchangeFiles, memoryOf, wholeState, writeOldState } from '../support/state.js';
import { makeWorld, type World } from '../support/world.js';
import { type Kind, rowsOf, testKills } from './killed.js';

let published = 0;

/** Publishes for each attempt a release that migrates the state and then fails. */
function publish(world: World, useless: { neverReady: true } | { crashAtStart: true }): string {
  const version = `2026.9.${++published}`;
  world.publish(version, { migratesTo: { state: 15, agent: 19 }, ...useless });
  return version;
}

async function oldWorld(atEnd: AtEnd): Promise<World> {
  const world = await makeWorld(atEnd, { node: await sqliteNode() });
  world.publish('2026.6.1');
  await writeOldState(world);
  await world.start('2026.6.1');
  return world;
}

const look = async (world: World) => ({ memory: await memoryOf(world), state: await wholeState(world) });
type Before = Awaited<ReturnType<typeof look>>;

/** Expects the state of the old release, as it was. */
async function check(world: World, before: Before): Promise<void> {
  expect(await look(world)).toEqual(before);
  expect(exchangeFiles(world)).toEqual([]);
}

describe('an update to a release that migrates the state and is never ready', () => {
  testKills({
    world: oldWorld,
    attempt: async (world) => ['update', publish(world, { neverReady: true })],
    look,
    check,
    rows: rowsOf(`
      snapshot       | package_update_failed          | resolve stage baseline snapshot | old
      switch         | package_update_failed          | resolve stage baseline snapshot switch | old
      restart before | package_updated_restart_failed | resolve stage baseline snapshot switch restart | old
      restart after  | rolled_back                    | resolve stage baseline snapshot switch restart | old
      verify before  | rolled_back                    | resolve stage baseline snapshot switch restart | old
    `),
  });
});

describe('an update to a release that migrates the state and crashes, while it is rolled back', () => {
  let version = '';
  const crashes: Kind<Before> = {
    world: oldWorld,
    async attempt(world) {
      version = publish(world, { crashAtStart: true });
      return ['update', version];
    },
    look,
    async check(world, before) {
      await check(world, before);
      expect((await world.ok('show', version)).marks).toEqual(['quarantined']);
    },
    rows: rowsOf(`
      undo restart  | rolled_back | resolve stage baseline snapshot switch restart | old
      undo switch   | rolled_back | resolve stage baseline snapshot switch restart | old
      undo snapshot | rolled_back | resolve stage baseline snapshot switch restart | old
      undo baseline | rolled_back | resolve stage baseline snapshot switch restart | old
      undo stage    | rolled_back | resolve stage baseline snapshot switch restart | old
      undo resolve  | rolled_back | resolve stage baseline snapshot switch restart | old
      verdict after | rolled_back | resolve stage baseline snapshot switch restart | old
    `),
  };
  testKills(crashes);
});
