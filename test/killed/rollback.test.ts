import { describe, expect } from 'vitest';
import { listSnapshots } from '../../src/state/snapshots.js';
import { rootAt } from '../../src/store/root.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { exchangeFiles, keptContent, say, wholeState, wordsOf, writeOldState } from '../support/state.js';
import { makeWorld } from '../support/world.js';
import { rowsOf, testKills } from './killed.js';

const OLDER = '2026.6.1';
const NEWER = '2026.9.2';
const AGENT = 'agents/main/agent/openclaw-agent.sqlite';

const rows = rowsOf(`
  begin before   | no change                        |                 | old
  begin after    | helper_never_ran                 |                 | old
  baseline       | package_update_failed            | baseline        | old
  switch         | package_update_failed            | baseline switch | old
  restart before | package_updated_restart_failed   | baseline switch restart | old
  restart after  | package_updated_restart_verified |                 | new
  verify         | package_updated_restart_verified |                 | new
  commit          | package_updated_restart_verified |                 | new
  verdict after  | package_updated_restart_verified |                 | new
`);

describe('a rollback', () => {
  testKills({
    async world(atEnd) {
      const world = await makeWorld(atEnd);
      world.publish(OLDER);
      world.publish(NEWER);
      await world.start(OLDER);
      await world.ok('update', NEWER, '--settle', '0.1');
      return world;
    },
    attempt: async () => ['rollback'],
    look: async () => null,
    check: async () => {},
    rows,
  });
});

describe('a rollback that restores the state', () => {
  let spoken = 0;
  testKills({
    async world(atEnd) {
      const world = await makeWorld(atEnd, { node: await sqliteNode() });
      world.publish(OLDER);
      world.publish(NEWER, { migratesTo: { state: 15, agent: 19 } });
      await writeOldState(world);
      await world.start(OLDER);
      return world;
    },
    /** The newer release runs, has migrated the state, and has data that the older one cannot have. */
    async attempt(world) {
      if ((await world.version()) !== NEWER) await world.ok('update', NEWER, '--settle', '0.1');
      await say(world, `only the newer one knows ${++spoken}`);
      return ['rollback', '--yes'];
    },
    look: wholeState,
    async check(world, before, runs) {
      expect(exchangeFiles(world)).toEqual([]);
      if (runs === 'old') {
        expect(await wholeState(world)).toEqual(before);
        return;
      }
      expect(await wordsOf(world)).toEqual(['the first thing said']);
      const aside = listSnapshots(rootAt(world.root)).findLast(({ release }) => release === NEWER);
      expect((await keptContent(world, aside?.name ?? ''))[AGENT]).toEqual(before[AGENT]);
      expect(JSON.stringify(before[AGENT])).toContain(`only the newer one knows ${spoken}`);
    },
    rows,
  });
});
