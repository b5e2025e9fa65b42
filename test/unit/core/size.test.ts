import { expect, test } from 'vitest';
import { parseSize, size } from '../../../src/core/size.js';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1_048_570, '1 MiB'],
  [2.34 * 2 ** 20, '2.3 MiB'],
  [259.4 * 2 ** 20, '259 MiB'],
  [1.74 * 2 ** 30, '1.7 GiB'],
  [5000 * 2 ** 40, '5000 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test('what is needed is rounded up and what is free is rounded down', () => {
  expect(size(1.71 * 2 ** 30, Math.ceil)).toBe('1.8 GiB');
  expect(size(1.79 * 2 ** 30, Math.floor)).toBe('1.7 GiB');
});

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
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', '-1', 'GiB', '1PiB', '1.GiB', '1e9', '0x10', '4 4', 'unlimited', '1iB'])(
  '%j is no amount',
  (text) => {
    expect(parseSize(text)).toBeNull();
  },
);

test('each printed size of whole units is read back', () => {
  for (const bytes of [12, 3 * 2 ** 10, 700 * 2 ** 20, 4 * 2 ** 30])
    expect(parseSize(size(bytes))).toBe(bytes);
});
