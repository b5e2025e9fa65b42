import { beforeAll, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, type World } from '../support/world.js';
import { killedAt, pointsOf, type Row } from './killed.js';

const ROWS: Row[] = [];

const atEnd = atEndOfAll();
let world: World;

beforeAll(async () => {
  world = await makeWorld(atEnd);
  world.publish('2026.6.1');
  await world.start('2026.6.1');
});

test('every durable write of an update has its two lines below', async () => {
  world.publish('2026.6.2');
  const points = await pointsOf(world, 'update', '2026.6.2');
  expect(ROWS.map(([point]) => point)).toEqual(points);
});

test.each(ROWS)('killed %s: %s, %s', async (...row) => {
  const version = `2026.7.${ROWS.indexOf(ROWS.find(([point]) => point === row[0]) ?? row) + 1}`;
  world.publish(version);
  expect(await killedAt(world, row[0], 'update', version)).toEqual(row);
});
