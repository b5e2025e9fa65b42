import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../../src/core/printable.js';

test.each([
  ['\u001b[2J\u001b]0;pwned\u0007', '\\u001b[2J\\u001b]0;pwned\\u0007'],
  ['one\rtwo\ttabs\b', 'one\\u000dtwo\\u0009tabs\\u0008'],
  ['\u009b31m red \u007f', '\\u009b31m red \\u007f'],
  ['gpj.\u202etxt', 'gpj.\\u202etxt'],
])('%j prints as %s', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('letters of every language, emoji and newlines stay', () => {
  const text = 'Zürich 東京 مرحبا 👩‍🚀 ✔\n…';
  expect(printable(text)).toBe(text);
});

test('any JSON document reads back the same, and prints no control character but the newline', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const shown = printable(JSON.stringify(value, null, 2));
      expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(value)));
      expect([...shown].every((char) => char === '\n' || /\P{Cc}/u.test(char))).toBe(true);
    }),
  );
});
