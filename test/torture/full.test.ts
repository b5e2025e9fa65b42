import { describe, test } from 'vitest';
import { makeArena } from './arena.js';
import type { Family } from './attempt.js';
import { DISK_MEBIBYTES } from './cut.js';
import { expectRounds } from './expect-rounds.js';
import { fillAt } from './full.js';
import { randomFrom } from './random.js';
import type { Kind } from './rounds.js';

/** Every step of an update, of a rollback, and of an automatic one from a release that crashes. */
const ROWS: [Family, string][] = [
  ...[
    'resolve',
    'check-space',
    'stage',
    'probe',
    'seal',
    'wait-idle',
    'baseline',
    'snapshot',
    'switch',
    'restart',
    'verify',
    'commit',
    'prune',
  ].map((step): [Family, string] => ['good', `before ${step}`]),
  ...['baseline', 'switch', 'restart', 'verify', 'commit'].map((step): [Family, string] => [
    'rollback',
    `before ${step}`,
  ]),
  ...['switch', 'snapshot', 'baseline'].map((step): [Family, string] => [
    'crashes at start',
    `before undo ${step}`,
  ]),
];

describe('a disk that is full to the last byte', () => {
  test('lets a change end cleanly from any step on, and a rollback works', async () => {
    const round: Kind['round'] = (arena, _, row) => {
      const [family, point] = ROWS[row] ?? ['good', ''];
      return fillAt(arena, family, { point }, randomFrom(row));
    };
    await expectRounds({ makeArena: () => makeArena({ disk: DISK_MEBIBYTES }), round }, ROWS.length, {
      seed: 0,
      keepGoing: true,
    });
  });
});
