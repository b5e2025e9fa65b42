import { expect, test } from 'vitest';
import { durationIn, parseBytes, parseCount, parseMoment, parsePast } from '../../../src/cli/parse.js';

const NOW = Date.parse('2026-06-10T12:00:00Z');

test('a duration has any unit, and the option says the unit of a bare number', () => {
  expect(durationIn('s')('30')).toBe(30_000);
  expect(durationIn('h')('30s')).toBe(30_000);
  expect(() => durationIn('s')('soon')).toThrow('Not a duration such as');
  expect(() => durationIn('h')('9999d')).toThrow('longer than a year');
});

test.each([
  ['3d', '2026-06-13T12:00:00.000Z'],
  ['90m', '2026-06-10T13:30:00.000Z'],
  ['2026-06-12T02:00Z', '2026-06-12T02:00:00.000Z'],
])('%s is a time', (text, moment) => {
  expect(parseMoment(text, NOW).toISOString()).toBe(moment);
});

test.each(['', 'tomorrow', '3 days', '2026-13-01', '12'])('%j is no time', (text) => {
  expect(() => parseMoment(text, NOW)).toThrow('Not a date');
});

test('a time in the past is refused', () => {
  expect(() => parseMoment('2026-06-01', NOW)).toThrow('in the past');
});

test('a duration into the past is before now', () => {
  const before = parsePast('1h').getTime();
  expect(Date.now() - before).toBeGreaterThanOrEqual(3_600_000);
  expect(parsePast('2020-01-01T00:00Z').toISOString()).toBe('2020-01-01T00:00:00.000Z');
});

test('an amount and a count are whole numbers of bytes and of things', () => {
  expect(parseBytes('500MiB')).toBe(500 * 2 ** 20);
  expect(() => parseBytes('much')).toThrow('Not an amount such as');
  expect(parseCount('0')).toBe(0);
  expect(parseCount('120')).toBe(120);
  for (const text of ['', '-1', '1.5', '3x', '99999']) expect(() => parseCount(text)).toThrow('whole number');
});
