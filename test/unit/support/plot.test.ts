import { expect, test } from 'vitest';
import { exponentOf, logLogPlot } from '../../bench/plot.js';

const power = (name: string, exponent: number) => ({
  name,
  points: [1, 10, 100].map((x) => ({ x, y: 3 * x ** exponent })),
});

test.each([0, 0.5, 1, 2])('the exponent of a curve of power %d is that power', (exponent) => {
  expect(exponentOf(power('a', exponent))).toBeCloseTo(exponent);
});

test('a single measurement has no exponent', () => {
  expect(exponentOf({ name: 'a', points: [{ x: 1, y: 1 }] })).toBeNaN();
});

test('a plot has a line and a name for each series, and in characters a letter for each of its points', () => {
  const { svg, text } = logLogPlot('growth', [power('grows <fast>', 1), power('stays', 0)]);
  expect(svg.match(/<polyline/g)).toHaveLength(4);
  expect(svg).toContain('grows &lt;fast>');
  expect(svg).not.toContain('NaN');
  expect(text).toContain('A grows <fast>');
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  // Both series begin at the same point, which shows the first one.
  expect(rows.join('').match(/A/g)).toHaveLength(3);
  expect(rows.join('').match(/B/g)).toHaveLength(2);
  expect(rows[0]?.trimEnd().endsWith('A')).toBe(true);
  expect(rows.at(-1)?.trimEnd().endsWith('B')).toBe(true);
});
