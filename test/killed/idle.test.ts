import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, type World } from '../support/world.js';
import { drawnFrom, killedAt, pointsOf, tableOf } from './killed.js';

/** Looked at twice, a second apart; then counted down. */
const WAITING = ['--idle-within', '20', '--countdown', '0.1'];

const ROWS = tableOf(`
before write ledger: idle doing    | … reserve -stage probe seal package_update_failed       | old
after write ledger: idle doing     | … reserve -stage probe seal idle! package_update_failed | old
before write ledger: idle doing #2 | … reserve -stage probe seal idle! package_update_failed | old
after write ledger: idle doing #2  | … reserve -stage probe seal idle! package_update_failed | old
before write ledger: idle doing #3 | … reserve -stage probe seal idle! package_update_failed | old
after write ledger: idle doing #3  | … reserve -stage probe seal idle! package_update_failed | old
before write ledger: idle done     | … reserve -stage probe seal idle! package_update_failed | old
after write ledger: idle done      | … reserve -stage probe seal idle package_update_failed  | old
`);

const atEnd = atEndOfAll();
let world: World;
let published = 0;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish('2026.6.1', { tellsActivity: true });
  await world.start('2026.6.1');
});

function publish(): string {
  const version = `2026.7.${++published}`;
  world.publish(version, { tellsActivity: true });
  return version;
}

test('every durable write of a wait has its two lines', async () => {
  const points = await pointsOf(world, 'update', publish(), ...WAITING);
  expect(ROWS.map(([point]) => point)).toEqual(points.filter((point) => point.includes(': idle')));
});

test.each(drawnFrom(ROWS))('killed %s: %s; %s', async (...row) => {
  expect(await killedAt(world, row[0], 'update', publish(), ...WAITING)).toEqual(row);
});
