import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { exchangeFiles, memoryOf, wholeState, writeOldState } from '../support/state.js';
import { makeWorld, type World } from '../support/world.js';
import { drawnFrom, killedAt, pointsOf, tableOf } from './killed.js';

const ROWS = tableOf(`
before write ledger: switch undoing   | … reserve -stage probe seal -baseline -snapshot -switch restart verify! rolled_back | old
after write ledger: switch undoing    | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before rename restore.json            | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after rename restore.json             | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before link current #2                | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after link current #2                 | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before remove trial                   | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after remove trial                    | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before remove previous                | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after remove previous                 | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write ledger: switch undone    | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write ledger: switch undone     | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write ledger: snapshot undoing | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write ledger: snapshot undoing  | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write ledger: snapshot undone  | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write ledger: snapshot undone   | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write ledger: baseline undoing | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write ledger: baseline undoing  | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write ledger: baseline undone  | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write ledger: baseline undone   | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write ledger: stage undoing    | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write ledger: stage undoing     | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write ledger: stage undone     | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write ledger: stage undone      | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write policy.json              | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write policy.json               | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before write ledger: rolled_back      | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after write ledger: rolled_back       | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
before unlock                         | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
after unlock                          | … reserve -stage probe seal -baseline -snapshot -switch restart verify? rolled_back | old
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

/** Migrates the state, and then does not start. */
function publish(): string {
  const version = `2026.7.${++published}`;
  world.publish(version, { migratesTo: { state: 15, agent: 19 }, crashAtStart: true });
  return version;
}

test('every durable write of an update that goes back has its two lines, from its first failure on', async () => {
  const points = await pointsOf(world, 'update', publish());
  const begins = points.indexOf('before write ledger: switch undoing');
  expect(ROWS.map(([point]) => point)).toEqual(points.slice(begins));
});

test.each(drawnFrom(ROWS))('killed %s: %s; %s; and the state is that of the old release', async (...row) => {
  const version = publish();
  const before = { memory: await memoryOf(world), state: await wholeState(world) };
  expect(await killedAt(world, row[0], 'update', version)).toEqual(row);
  expect({ memory: await memoryOf(world), state: await wholeState(world) }).toEqual(before);
  expect(exchangeFiles(world)).toEqual([]);
  // The first dies before anybody has written down that the release failed.
  const expected = row[0] === ROWS[0]?.[0] ? [] : ['quarantined'];
  expect((await world.ok('show', version)).marks).toEqual(expected);
});
