import { expect, onTestFinished, test } from 'vitest';
import { soakHere } from '../soak/host.js';
import { kindOf } from '../soak/soak.js';
import { WEIGHTS } from '../soak/steps.js';
import { expectRounds } from './expect-rounds.js';

test('a soak does all of its steps in an order that its seed alone decides', () => {
  const order = Array.from({ length: 500 }, (_, n) => kindOf(n));
  expect(new Set(order)).toEqual(new Set(Object.keys(WEIGHTS)));
  expect(order.toReversed()).toEqual(Array.from({ length: 500 }, (_, n) => kindOf(499 - n)));
});

test('8 steps of a soak keep what they promise: rows, releases, statuses', async () => {
  const { soak } = await soakHere(onTestFinished);
  await expectRounds(soak.kind, 8, { jobs: 1 });
  console.info(soak.table());
});
