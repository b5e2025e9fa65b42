import { test } from 'vitest';
import { drawnCount } from '../lanes/draw.js';
import { expectRounds } from './expect-rounds.js';
import { killRound } from './kill.js';

const ROUNDS = drawnCount(30);

test(
  `${ROUNDS} random kills of the process that makes a change, of the gateway, and of both`,
  () => expectRounds({ arena: {}, round: killRound }, ROUNDS),
  600_000,
);
