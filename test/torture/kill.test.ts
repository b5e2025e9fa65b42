import { test } from 'vitest';
import { makeArena } from './arena.js';
import { expectRounds } from './expect-rounds.js';
import { killRound } from './kill.js';

test('30 random kills of the process that makes a change, of the gateway, and of both', () =>
  expectRounds({ makeArena, round: killRound }, 30));
