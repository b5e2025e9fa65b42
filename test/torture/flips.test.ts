import { expect, test } from 'vitest';
import { flipBits, rootToFlip } from '../support/flips.js';
import { anySeed, randomFrom } from './random.js';

const MANY = 1_000;

test('a thousand flipped bits in releases, Nodes, snapshots and records are found, and none is served', async () => {
  const seed = Number(process.env.OPENCLAW_RELEASES_TORTURE_SEED ?? anySeed());
  const tally = await flipBits(await rootToFlip(), MANY, randomFrom(seed));
  console.log(`seed ${seed}:`, JSON.stringify(tally));
  expect(tally, `seed ${seed}`).toMatchObject({ unseen: [], accused: [], served: [] });
});
