import { expect, test } from 'vitest';
import { type Change, newChange } from '../../../src/ledger/ledger.js';
import { planChange } from '../../../src/ledger/plan.js';
import { isDrillDue } from '../../../src/timer/drill-due.js';

const NOW = Date.parse('2026-11-26T03:00:00Z');
const OLD = '2026.9.5';

function drilled(daysAgo: number, more: Partial<Change> = {}, to = OLD): Change {
  const at = new Date(NOW - daysAgo * 86_400_000).toISOString();
  const change = newChange(planChange('drill', to), { from: '2026.9.6', previous: OLD, to });
  return { ...change, status: 'drill_passed', startedAt: at, endedAt: at, ...more };
}

const refused: Partial<Change> = {
  status: 'drill_failed',
  error: { code: 'drill_refused', message: 'There is no memory.' },
};

test.each<[string, boolean, Change[], number, (string | null)?]>([
  ['without a drill', true, [], 7],
  ['without a previous release', false, [], 7, null],
  ['where none is wanted', false, [], 0],
  ['six days after the last', false, [drilled(6)], 7],
  ['seven days after the last', true, [drilled(7)], 7],
  ['the day after one of another release', true, [drilled(1, {}, '2026.9.4')], 7],
  ['an hour after one for which there was no memory', false, [drilled(9), drilled(1 / 24, refused)], 7],
  ['after one of a clock that was years ahead', true, [drilled(-2000)], 7],
  ['a day after one for which there was no memory', true, [drilled(9), drilled(1, refused)], 7],
])('a drill each seven days, %s: %s', (_, due, changes, days, previous = OLD) => {
  expect(isDrillDue(previous, changes, days, NOW)).toBe(due);
});
