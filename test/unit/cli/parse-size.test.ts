import { expect, test } from 'vitest';
import { parseBytes, parseCount } from '../../../src/cli/parse-size.js';

test.each([
  ['0', 0],
  ['4096', 4096],
  ['1K', 1024],
  ['500MiB', 500 * 2 ** 20],
  ['4g', 4 * 2 ** 30],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['2GB', 2e9],
  ['3B', 3],
  ['1TiB', 2 ** 40],
])('%j is %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(['', '-1', 'GiB', '1PiB', '1.GiB', '1e9', '0x10', '4 4', 'unlimited', '1iB'])(
  '%j is no amount',
  (text) => {
    expect(() => parseBytes(text)).toThrow('Not an amount such as');
  },
);

test('a count is a whole number', () => {
  expect(parseCount('0')).toBe(0);
  expect(parseCount('120')).toBe(120);
  for (const text of ['', '-1', '1.5', '3x', '99999']) expect(() => parseCount(text)).toThrow('whole number');
});
