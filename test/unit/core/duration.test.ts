import { expect, test } from 'vitest';
import { duration, parseDuration } from '../../../src/core/duration.js';

test.each([
  [0, '0 s'],
  [-5, '0 s'],
  [40, '0 s'],
  [5_420, '5.4 s'],
  [30_000, '30 s'],
  [59_940, '59.9 s'],
  [59_990, '1 min'],
  [125_000, '2 min 5 s'],
  [3_599_900, '1 h'],
  [5_400_000, '1 h 30 min'],
  [86_399_000, '1 day'],
  [129_600_000, '1 day 12 h'],
  [9 * 86_400_000, '9 days'],
])('%d ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  ['30', 's', 30_000],
  ['30s', 'h', 30_000],
  ['1.5h', null, 5_400_000],
  [' 2 d ', null, 172_800_000],
  ['1w', 's', 604_800_000],
] as const)('%j (a bare number in %s) is %d ms', (text, unit, ms) => {
  expect(parseDuration(text, unit)).toBe(ms);
});

test.each(['', '-3h', 'soon', '3 days', '1e3', '0x10', '12'])('%j is no duration', (text) => {
  expect(parseDuration(text, null)).toBeNull();
});
