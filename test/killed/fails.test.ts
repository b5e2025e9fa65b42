import { describe } from 'vitest';
import { makeWorld } from '../support/world.js';
import { failureRowsOf, testFailures } from './killed.js';

describe('an update', () => {
  let published = 0;
  testFailures({
    async world(atEnd) {
      const world = await makeWorld(atEnd);
      world.publish('2026.6.1');
      await world.start('2026.6.1');
      return world;
    },
    async attempt(world) {
      const version = `2026.7.${++published}`;
      world.publish(version);
      return ['update', version];
    },
    rows: failureRowsOf(`
      begin                 | no change                        | old
      write lock-owner.json | package_updated_restart_verified | new
      resolve               | package_update_failed            | old
      check-space           | package_update_failed            | old
      stage                 | package_update_failed            | old
      probe                 | package_update_failed            | old
      seal                  | package_update_failed            | old
      baseline              | package_update_failed            | old
      snapshot              | package_update_failed            | old
      switch                | package_update_failed            | old
      restart               | package_updated_restart_failed   | old
      verify                | rolled_back                      | old
      commit                | rolled_back                      | old
      prune                 | package_updated_restart_verified | new
      a result              | package_updated_restart_verified | new
    `),
  });
});

/** A rollback returns to the older release though any of its records cannot be written. */
describe('a rollback', () => {
  testFailures({
    async world(atEnd) {
      const world = await makeWorld(atEnd);
      world.publish('2026.6.1');
      world.publish('2026.7.1');
      await world.start('2026.6.1');
      await world.ok('update', '2026.7.1', '--settle', '0.1');
      return world;
    },
    attempt: async () => ['rollback'],
    rows: failureRowsOf(`
      begin                 | no change                        | old
      write lock-owner.json | package_updated_restart_verified | new
      baseline              | package_update_failed            | old
      switch                | package_update_failed            | old
      write trial           | package_updated_restart_verified | new
      restart               | package_updated_restart_failed   | old
      verify                | rolled_back                      | old
      commit                | rolled_back                      | old
      an intent             | package_updated_restart_verified | new
      a result              | package_updated_restart_verified | new
    `),
  });
});
