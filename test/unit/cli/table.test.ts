import { describe, expect, test } from 'vitest';
import { table } from '../../../src/cli/table.js';

const RULES = [
  ['RULE', 'SAYS', 'WHY'],
  ['minimumInterval', 'pass', 'The last change of the gateway was at least 1 day ago.'],
  [
    'delay',
    'wait',
    '2026.9.6 is for this host 1 day 7 h after its publication, not before 2026-11-29 02:00 +01:00.',
  ],
];

const RELEASES = [
  ['RELEASE', 'RUNS ON', 'SIZE', 'STAGED (+01:00)', 'STATE', ''],
  [
    '2026.9.6',
    'node 22.23.3',
    '259 MiB',
    '2026-11-26 02:38',
    'with its snapshot',
    'running, current, pinned',
  ],
];

const PATHS = [
  ['path', '/home/claw/.local/share/openclaw-releases-of-the-second-gateway/releases/2026.9.6/node_modules'],
];

const longest = (text: string) => Math.max(...text.split('\n').map(({ length }) => length));

describe.each([60, 80, 120])('in %i columns', (width) => {
  test.each([
    ['prose', RULES, []],
    ['columns', RELEASES, [1, 3]],
    ['a path without a blank', PATHS, []],
  ])('a table of %s fits', (_, rows, drop) => {
    expect(longest(table(rows, drop, width))).toBeLessThanOrEqual(width);
  });

  test('words stay whole, and none is lost', () => {
    const words = (text: string) => text.split(/\s+/).sort();
    expect(words(table(RULES, [], width))).toEqual(words(RULES.flat().join(' ')));
  });
});

test('a wide place shows all columns, and a narrow one drops the least needed first', () => {
  expect(table(RELEASES, [1, 3], 120)).toContain('RUNS ON');
  expect(table(RELEASES, [1, 3], 90)).not.toContain('RUNS ON');
  expect(table(RELEASES, [1, 3], 90)).toContain('STAGED');
  expect(table(RELEASES, [1, 3], 60)).not.toContain('STAGED');
  expect(table(RELEASES, [1, 3], 60)).toContain('pinned');
});

test('output for a program is as wide as it is', () => {
  expect(table(RULES, [], Number.POSITIVE_INFINITY).split('\n')).toHaveLength(RULES.length);
});
