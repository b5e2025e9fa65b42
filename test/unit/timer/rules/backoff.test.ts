import { describe, expect, test } from 'vitest';
import { backoff } from '../../../../src/timer/rules/backoff.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('backoff', () => {
  test('begins with minutes and never takes more than a day', () => {
    for (let host = 0; host < 40; host++) {
      expect(backoff(0, `${host}`)).toBe(0);
      for (let failures = 1; failures < 60; failures++) {
        const ms = backoff(failures, `${host}`);
        expect(ms).toBeGreaterThanOrEqual(MINUTE);
        expect(ms).toBeLessThanOrEqual(Math.min(24 * HOUR, 10 * MINUTE * 2 ** (failures - 1)));
        expect(backoff(failures, `${host}`)).toBe(ms);
      }
    }
  });

  test('spreads hosts that failed together over all of the time', () => {
    const tenths = new Set(
      Array.from({ length: 200 }, (_, host) => Math.floor(backoff(9, `${host}`) / (2.4 * HOUR))),
    );
    expect([...tenths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1.5])('can be asked for %s failures', (failures) => {
    expect(backoff(failures, 'host')).toBeLessThanOrEqual(24 * HOUR);
  });
});
