import { describe, expect, test } from 'vitest';
import { readClock } from '../../../../src/timer/rules/clock.js';
import type { Clock } from '../../../../src/timer/rules/facts.js';

const MINUTE = 60_000;

describe('readClock', () => {
  /** Reads the clock in a sequence of runs; each minute of the clock is a number. */
  function read(...minutes: number[]): Clock {
    return minutes.reduce<Clock | null>((kept, minute) => readClock(kept, minute * MINUTE), null) as Clock;
  }
  const day = 24 * 60;

  test('knows nothing at the first run, except the history', () => {
    expect(read(5)).toMatchObject({ now: 5 * MINUTE, lastRun: null, jumpedAt: null });
    expect(readClock(null, 5, 9)).toMatchObject({ lastRun: 9, behindSince: 5, jumpedAt: 5 });
  });

  test('remembers the latest time while the clock is behind', () => {
    expect(read(100, 40, 60)).toMatchObject({ lastRun: 100 * MINUTE, behindSince: 40 * MINUTE });
    expect(read(100, 40, 101)).toMatchObject({
      lastRun: 100 * MINUTE,
      behindSince: null,
      jumpedAt: 40 * MINUTE,
    });
  });

  test('trusts the clock again after a day, and not sooner', () => {
    expect(read(10 * day, 5, 4 + day)).toMatchObject({ lastRun: 10 * day * MINUTE, behindSince: 5 * MINUTE });
    expect(read(10 * day, 5, 5 + day)).toMatchObject({ lastRun: (5 + day) * MINUTE, behindSince: null });
    expect(read(10 * day, 5, 5 + day, 6 + day)).toMatchObject({
      lastRun: (5 + day) * MINUTE,
      behindSince: null,
    });
  });

  test('begins to wait anew when the clock is set back further', () => {
    expect(read(10 * day, 2 * day, 5)).toMatchObject({ behindSince: 5 * MINUTE, jumpedAt: 5 * MINUTE });
  });
});
