import { test } from 'vitest';
import { expectRounds } from './expect-rounds.js';
import { killRound } from './kill.js';

test('30 random kills of the process that makes a change, of the gateway, and of both', () =>
  expectRounds({ arena: {}, round: killRound }, 30));
