import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, type World } from '../support/world.js';
import { drawnFrom, killedAt, pointsOf, tableOf } from './killed.js';

const ROWS = tableOf(`
before lock                                           | no change was begun                                                                             | old
after lock                                            | no change was begun                                                                             | old
before write lock-owner.json                          | no change was begun                                                                             | old
after write lock-owner.json                           | no change was begun                                                                             | old
before write ledger: new                              | no change was begun                                                                             | old
after write ledger: new                               | helper_never_ran                                                                                | old
before write ledger: resolve doing                    | helper_never_ran                                                                                | old
after write ledger: resolve doing                     | resolve! package_update_failed                                                                  | old
before write ledger: resolve done                     | resolve! package_update_failed                                                                  | old
after write ledger: resolve done                      | resolve package_update_failed                                                                   | old
before write ledger: reserve doing                    | resolve package_update_failed                                                                   | old
after write ledger: reserve doing                     | resolve reserve! package_update_failed                                                          | old
before write ledger: reserve done                     | resolve reserve! package_update_failed                                                          | old
after write ledger: reserve done                      | … reserve package_update_failed                                                                 | old
before write ledger: stage doing                      | … reserve package_update_failed                                                                 | old
after write ledger: stage doing                       | … reserve -stage package_update_failed                                                          | old
before write ledger: stage done                       | … reserve -stage package_update_failed                                                          | old
after write ledger: stage done                        | … reserve -stage package_update_failed                                                          | old
before write ledger: probe doing                      | … reserve -stage package_update_failed                                                          | old
after write ledger: probe doing                       | … reserve -stage probe! package_update_failed                                                   | old
before write ledger: probe done                       | … reserve -stage probe! package_update_failed                                                   | old
after write ledger: probe done                        | … reserve -stage probe package_update_failed                                                    | old
before write ledger: seal doing                       | … reserve -stage probe package_update_failed                                                    | old
after write ledger: seal doing                        | … reserve -stage probe seal! package_update_failed                                              | old
before write release.json                             | … reserve -stage probe seal! package_update_failed                                              | old
after write release.json                              | … reserve -stage probe seal! package_update_failed                                              | old
before rename release                                 | … reserve -stage probe seal! package_update_failed                                              | old
after rename release                                  | … reserve -stage probe seal! package_update_failed                                              | old
before write ledger: seal done                        | … reserve -stage probe seal! package_update_failed                                              | old
after write ledger: seal done                         | … reserve -stage probe seal package_update_failed                                               | old
before write ledger: baseline doing                   | … reserve -stage probe seal package_update_failed                                               | old
after write ledger: baseline doing                    | … reserve -stage probe seal -baseline package_update_failed                                     | old
before write ledger: baseline done                    | … reserve -stage probe seal -baseline package_update_failed                                     | old
after write ledger: baseline done                     | … reserve -stage probe seal -baseline package_update_failed                                     | old
before write ledger: snapshot doing                   | … reserve -stage probe seal -baseline package_update_failed                                     | old
after write ledger: snapshot doing                    | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
before write state.json                               | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
after write state.json                                | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
before rename kept state                              | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
after rename kept state                               | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
before write ledger: snapshot done                    | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
after write ledger: snapshot done                     | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
before write ledger: switch doing                     | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
after write ledger: switch doing                      | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before link previous                                  | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after link previous                                   | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before write return.json                              | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after write return.json                               | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before write trial                                    | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after write trial                                     | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before link current                                   | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after link current                                    | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before write ledger: switch done                      | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after write ledger: switch done                       | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before write ledger: restart doing                    | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after write ledger: restart doing                     | … reserve -stage probe seal -baseline -snapshot -switch restart! package_updated_restart_failed | old
before write ledger: restart done                     | … switch restart! verify plugins bless collect package_updated_restart_verified                 | new
after write ledger: restart done                      | … collect package_updated_restart_verified                                                      | new
before write ledger: verify doing                     | … collect package_updated_restart_verified                                                      | new
after write ledger: verify doing                      | … collect package_updated_restart_verified                                                      | new
before write ledger: verify done                      | … collect package_updated_restart_verified                                                      | new
after write ledger: verify done                       | … collect package_updated_restart_verified                                                      | new
before write ledger: bless doing                      | … collect package_updated_restart_verified                                                      | new
after write ledger: bless doing                       | … collect package_updated_restart_verified                                                      | new
before remove trial                                   | … collect package_updated_restart_verified                                                      | new
after remove trial                                    | … collect package_updated_restart_verified                                                      | new
before remove return.json                             | … collect package_updated_restart_verified                                                      | new
after remove return.json                              | … collect package_updated_restart_verified                                                      | new
before write ledger: bless done                       | … collect package_updated_restart_verified                                                      | new
after write ledger: bless done                        | … bless package_updated_restart_verified                                                        | new
before write ledger: collect doing                    | … bless package_updated_restart_verified                                                        | new
after write ledger: collect doing                     | … bless collect! package_updated_restart_verified                                               | new
before write ledger: collect done                     | … bless collect! package_updated_restart_verified                                               | new
after write ledger: collect done                      | … collect package_updated_restart_verified                                                      | new
before write ledger: package_updated_restart_verified | … collect package_updated_restart_verified                                                      | new
after write ledger: package_updated_restart_verified  | … collect package_updated_restart_verified                                                      | new
before unlock                                         | … collect package_updated_restart_verified                                                      | new
after unlock                                          | … collect package_updated_restart_verified                                                      | new
`);

const atEnd = atEndOfAll();
let world: World;
let published = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish('2026.6.1');
  await world.start('2026.6.1');
});

/** Each row makes an update of its own, to a release that nobody has seen before. */
function publish(): string {
  const version = `2026.7.${++published}`;
  world.publish(version);
  return version;
}

test('every durable write of an update has its two lines', async () => {
  const points = await pointsOf(world, 'update', publish());
  expect(ROWS.map(([point]) => point)).toEqual(points);
});

test.each(drawnFrom(ROWS))('killed %s: %s; %s', async (...row) => {
  expect(await killedAt(world, row[0], 'update', publish())).toEqual(row);
});
