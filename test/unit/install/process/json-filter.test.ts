import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Selection, Sieve } from '../../../../src/install/process/json-filter.js';

type Choose = (path: readonly string[]) => Selection;

function sift(text: string, wishOf: Choose, chunk = 7): unknown {
  const sieve = new Sieve(wishOf);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunk) sieve.write(bytes.subarray(at, at + chunk));
  return sieve.end();
}

/** Filters a document in memory, for comparison. */
function expected(value: unknown, wishOf: Choose, path: string[] = []): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const place = [...path, key];
      // Keys that JSON writes with a backslash are kept.
      const choose = JSON.stringify(key).includes('\\') ? 'all' : wishOf(place);
      return [key, { all: inner, parts: expected(inner, wishOf, place), nothing: null }[choose]];
    }),
  );
}

describe('the sieve for documents', () => {
  test('keeps the wanted values of any document, however it is cut into pieces', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'versions', '', '__proto__'), fc.string());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue(),
        fc.string({ unit: 'binary' }),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 5, noNullPrototype: true }),
      ),
    }));
    const wishOf: Choose = (path) => {
      const key = path.at(-1) ?? '';
      if (key.startsWith('a') || key.length % 3 === 2) return 'nothing';
      return key.length % 5 === 4 ? 'all' : 'parts';
    };
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 50 }), fc.boolean(), (value, chunk, pretty) => {
        const text = JSON.stringify(value, null, pretty ? 2 : undefined);
        expect(JSON.stringify(sift(text, wishOf, chunk))).toBe(
          JSON.stringify(expected(JSON.parse(text), wishOf)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('holds no unwanted value in memory', () => {
    const sieve = new Sieve(([first]) => (first === 'readme' ? 'nothing' : 'parts'));
    sieve.write(Buffer.from('{"name":"x","readme":"'));
    const before = process.memoryUsage();
    const piece = Buffer.from('{[\\"'.repeat(1 << 16));
    for (let n = 0; n < 400; n++) sieve.write(piece);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(10 << 20);
    sieve.write(Buffer.from('","last":[1,{"readme":2}]}'));
    expect(sieve.end()).toEqual({ name: 'x', readme: null, last: [1, { readme: 2 }] });
  });

  test.each(['', '{"a":1', '{"readme":"cut o', '{"a":{"readme":[1,2}', 'no JSON'])('refuses %j', (text) => {
    expect(() => sift(text, ([first]) => (first === 'readme' ? 'nothing' : 'parts'))).toThrow(SyntaxError);
  });
});
