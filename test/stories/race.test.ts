import { beforeAll, describe, expect, test } from 'vitest';
import { atEndOfAll } from '../support/at-end.js';
import { makeWorld, QUICK, type World } from '../support/world.js';
import { OBSTACLES, raceRound } from '../torture/race.js';
import { anySeed, randomFrom } from '../torture/random.js';

describe('eight commands that come for the lock at once', () => {
  const atEnd = atEndOfAll();
  let world: World;
  beforeAll(async () => {
    world = await makeWorld(atEnd);
    world.publish('2026.6.1');
    world.publish('2026.6.5');
    await world.start('2026.6.1');
    await world.ok('update', '2026.6.5', ...QUICK);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'one wins, the others are refused by its name (round %i)',
    async (n) => {
      const seed = anySeed();
      const winner = await raceRound(world, randomFrom(seed), n, OBSTACLES[n % OBSTACLES.length]).catch(
        (error) => {
          throw new Error(`The round of seed ${seed}: ${error.message}`, { cause: error });
        },
      );
      expect(winner).toMatch(/^(update|rollback|switch)/);
    },
  );
});
