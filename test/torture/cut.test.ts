import { describe, expect, test } from 'vitest';
import { removeDirectory } from '../support/place.js';
import { makeArena } from './arena.js';
import { cutRound, DECISIVE, DISK_MEBIBYTES, WITHOUT_FSYNC } from './cut.js';
import { expectRounds, testSeed } from './expect-rounds.js';
import { runRounds } from './rounds.js';

describe('power cuts on a filesystem of its own', () => {
  test('25 in the midst of a change, a third of them in seal, snapshot, switch and commit', async () => {
    const { outcomes } = await expectRounds(
      { makeArena: () => makeArena({ disk: DISK_MEBIBYTES }), round: cutRound },
      25,
    );
    const decisive = outcomes.filter(({ at }) => DECISIVE.some((step) => step === at));
    expect(decisive.length).toBeGreaterThanOrEqual(25 / 3);
  });

  test('without fsync the same cuts do damage, so they would show a missing one', async () => {
    const withoutFsync = () => makeArena({ disk: DISK_MEBIBYTES, env: WITHOUT_FSYNC });
    const { failures } = await runRounds(
      { makeArena: withoutFsync, round: cutRound },
      { seed: testSeed(), rounds: 20 },
    );
    // This damage is no news.
    for (const { evidence } of failures) removeDirectory(evidence);
    expect(failures.map(({ message }) => message).join('\n')).toMatch(
      /is damaged|has no valid manifest|cannot be read/,
    );
  });
});
