import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { exchangeFiles, memoryOf, wholeState, writeOldState } from '../support/state.js';
import { makeWorld, type World } from '../support/world.js';
import { drawnFrom, killedAt, pointsOf, tableOf } from './killed.js';

const ROWS = tableOf(`
before write ledger: snapshot doing | … reserve -stage probe seal -baseline package_update_failed                                     | old
after write ledger: snapshot doing  | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
before write state.json             | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
after write state.json              | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
before rename kept state            | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
after rename kept state             | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
before write ledger: snapshot done  | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
after write ledger: snapshot done   | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
before write ledger: switch doing   | … reserve -stage probe seal -baseline -snapshot package_update_failed                           | old
after write ledger: switch doing    | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before link previous                | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after link previous                 | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before write return.json            | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after write return.json             | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before write trial                  | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after write trial                   | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before link current                 | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after link current                  | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before write ledger: switch done    | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after write ledger: switch done     | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
before write ledger: restart doing  | … reserve -stage probe seal -baseline -snapshot -switch package_update_failed                   | old
after write ledger: restart doing   | … reserve -stage probe seal -baseline -snapshot -switch restart! package_updated_restart_failed | old
before write ledger: restart done   | … reserve -stage probe seal -baseline -snapshot -switch restart! verify? rolled_back            | old
after write ledger: restart done    | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back             | old
before write ledger: verify doing   | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back             | old
after write ledger: verify doing    | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back             | old
`);

const atEnd = atEndOfAll();
let world: World;
let published = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd, { node: await sqliteNode() });
  world.publish('2026.6.1');
  await writeOldState(world);
  await world.start('2026.6.1');
});

/** Migrates the state, and is never ready: one that ends by itself may or may not be seen running by who recovers. */
function publish(): string {
  const version = `2026.9.${++published}`;
  world.publish(version, { migratesTo: { state: 15, agent: 19 }, neverReady: true });
  return version;
}

/** From the copy of the state until it begins to go back; what comes after that is in another table. */
test('every durable write of an update to a release that migrates and fails has its two lines', async () => {
  const points = await pointsOf(world, 'update', publish());
  const begins = points.indexOf('before write ledger: snapshot doing');
  const ends = points.indexOf('before write ledger: switch undoing');
  expect(ROWS.map(([point]) => point)).toEqual(points.slice(begins, ends));
});

test.each(drawnFrom(ROWS))('killed %s: %s; %s; and the state is that of the old release', async (...row) => {
  const before = { memory: await memoryOf(world), state: await wholeState(world) };
  expect(await killedAt(world, row[0], 'update', publish())).toEqual(row);
  expect({ memory: await memoryOf(world), state: await wholeState(world) }).toEqual(before);
  expect(exchangeFiles(world)).toEqual([]);
});
