import { crc32 as ofNode } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from '../../../src/core/crc32.js';

test('crc32 is that of Node, of any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('')), (text) => {
      expect(crc32(text)).toBe(ofNode(text).toString(16).padStart(8, '0'));
    }),
  );
});
