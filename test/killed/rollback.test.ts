import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, type World } from '../support/world.js';
import { drawnFrom, killedAt, pointsOf, tableOf } from './killed.js';

const ROWS = tableOf(`
before lock                                           | no change was begun                                             | old
after lock                                            | no change was begun                                             | old
before write lock-owner.json                          | no change was begun                                             | old
after write lock-owner.json                           | no change was begun                                             | old
before write ledger: new                              | no change was begun                                             | old
after write ledger: new                               | helper_never_ran                                                | old
before write ledger: baseline doing                   | helper_never_ran                                                | old
after write ledger: baseline doing                    | -baseline package_update_failed                                 | old
before write ledger: baseline done                    | -baseline package_update_failed                                 | old
after write ledger: baseline done                     | -baseline package_update_failed                                 | old
before write ledger: switch doing                     | -baseline package_update_failed                                 | old
after write ledger: switch doing                      | -baseline -switch package_update_failed                         | old
before link previous                                  | -baseline -switch package_update_failed                         | old
after link previous                                   | -baseline -switch package_update_failed                         | old
before write trial                                    | -baseline -switch package_update_failed                         | old
after write trial                                     | -baseline -switch package_update_failed                         | old
before link current                                   | -baseline -switch package_update_failed                         | old
after link current                                    | -baseline -switch package_update_failed                         | old
before write ledger: switch done                      | -baseline -switch package_update_failed                         | old
after write ledger: switch done                       | -baseline -switch package_update_failed                         | old
before write ledger: restart doing                    | -baseline -switch package_update_failed                         | old
after write ledger: restart doing                     | -baseline -switch restart! package_updated_restart_failed       | old
before write ledger: restart done                     | … switch restart! verify bless package_updated_restart_verified | new
after write ledger: restart done                      | … bless package_updated_restart_verified                        | new
before write ledger: verify doing                     | … bless package_updated_restart_verified                        | new
after write ledger: verify doing                      | … bless package_updated_restart_verified                        | new
before write ledger: verify done                      | … bless package_updated_restart_verified                        | new
after write ledger: verify done                       | … bless package_updated_restart_verified                        | new
before write ledger: bless doing                      | … bless package_updated_restart_verified                        | new
after write ledger: bless doing                       | … bless package_updated_restart_verified                        | new
before remove trial                                   | … bless package_updated_restart_verified                        | new
after remove trial                                    | … bless package_updated_restart_verified                        | new
before write ledger: bless done                       | … bless package_updated_restart_verified                        | new
after write ledger: bless done                        | … bless package_updated_restart_verified                        | new
before write ledger: package_updated_restart_verified | … bless package_updated_restart_verified                        | new
after write ledger: package_updated_restart_verified  | … bless package_updated_restart_verified                        | new
before unlock                                         | … bless package_updated_restart_verified                        | new
after unlock                                          | … bless package_updated_restart_verified                        | new
`);

const atEnd = atEndOfAll();
let world: World;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish('2026.6.1');
  world.publish('2026.6.2');
  await world.start('2026.6.1');
  await world.ok('update', '2026.6.2', '--settle', '0.1');
});

test('every durable write of a rollback has its two lines', async () => {
  expect(ROWS.map(([point]) => point)).toEqual(await pointsOf(world, 'rollback'));
});

test.each(drawnFrom(ROWS))('killed %s: %s; %s', async (...row) => {
  expect(await killedAt(world, row[0], 'rollback')).toEqual(row);
});
