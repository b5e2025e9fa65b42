import { describe, expect, test } from 'vitest';
import { nextRunJitter } from '../../../src/core/jitter.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('nextRunJitter', () => {
  test('is the same at every run, and within the period', () => {
    const minutes = Array.from({ length: 2000 }, (_, host) => nextRunJitter(`${host}`, HOUR) / MINUTE);
    expect(nextRunJitter('7', HOUR)).toBe(nextRunJitter('7', HOUR));
    expect(Math.min(...minutes)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...minutes)).toBeLessThan(60);
    expect(new Set(minutes.map(Math.floor)).size).toBe(60);
  });
});
