import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from '../../../src/core/crc32.js';

/** The definition, bit by bit. */
function defined(text: string): string {
  let value = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (~value >>> 0).toString(16).padStart(8, '0');
}

test('crc32 is what its definition says, of any text', () => {
  expect(crc32('123456789')).toBe('cbf43926');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('')), (text) => {
      expect(crc32(text)).toBe(defined(text));
    }),
  );
});
