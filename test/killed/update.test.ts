import { describe } from 'vitest';
import { makeWorld, type World } from '../support/world.js';
import { rowsOf, testKills } from './killed.js';

/** Counts releases: each attempt updates to its own, which is new. */
let published = 0;

function publish(world: World): string {
  const version = `2026.7.${++published}`;
  world.publish(version, { tellsActivity: true });
  return version;
}

const plain = { look: async () => null, check: async () => {} };

describe('an update', () => {
  testKills({
    async world(atEnd) {
      const world = await makeWorld(atEnd);
      world.publish('2026.6.1');
      await world.start('2026.6.1');
      return world;
    },
    attempt: async (world) => ['update', publish(world)],
    ...plain,
    rows: rowsOf(`
      begin before   | no change                        |                                                | old
      begin after    | helper_never_ran                 |                                                | old
      resolve        | package_update_failed            | resolve                                        | old
      check-space    | package_update_failed            | resolve                                        | old
      stage          | package_update_failed            | resolve stage                                  | old
      probe          | package_update_failed            | resolve stage                                  | old
      seal           | package_update_failed            | resolve stage                                  | old
      baseline       | package_update_failed            | resolve stage baseline                         | old
      snapshot       | package_update_failed            | resolve stage baseline snapshot                | old
      switch         | package_update_failed            | resolve stage baseline snapshot switch         | old
      restart before | package_updated_restart_failed   | resolve stage baseline snapshot switch restart | old
      restart after  | package_updated_restart_verified |                                                | new
      verify         | package_updated_restart_verified |                                                | new
      commit         | package_updated_restart_verified |                                                | new
      prune          | package_updated_restart_verified |                                                | new
      verdict after  | package_updated_restart_verified |                                                | new
    `),
  });
});

describe('an update that waits for the gateway to be idle', () => {
  testKills({
    async world(atEnd) {
      const world = await makeWorld(atEnd);
      world.publish('2026.6.1', { tellsActivity: true });
      await world.start('2026.6.1');
      return world;
    },
    // Attempts look twice, then count down.
    attempt: async (world) => ['update', publish(world), '--idle-timeout', '20', '--countdown', '0.1'],
    ...plain,
    rows: rowsOf('wait-idle | package_update_failed | resolve stage wait-idle | old'),
  });
});
