import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { budgetFrom } from '../../../src/openclaw/start-budget.js';

const duration = fc.integer({ min: 1, max: 600_000 });
const limits = fc
  .record({ floorMs: duration, extra: duration })
  .map(({ floorMs, extra }) => ({ floorMs, ceilingMs: floorMs + extra }));
describe('budgetFrom', () => {
  const given = { floorMs: 20_000, ceilingMs: 300_000 };

  test('keeps the floor on a host without a history, and on a fast one', () => {
    expect(budgetFrom([], given)).toEqual(given);
    expect(budgetFrom([2000, 2300, 2100], given)).toEqual(given);
  });

  test('takes three times the slowest of the last five starts', () => {
    expect(budgetFrom([90_000, 8000, 9000, 10_000, 8000, 8000], given)).toEqual({
      ...given,
      floorMs: 30_000,
    });
  });

  test('is never below the floor, never above the ceiling, and never shorter than a start that worked and fits', () => {
    fc.assert(
      fc.property(fc.array(duration), limits, (history, { floorMs, ceilingMs }) => {
        const budget = budgetFrom(history, { floorMs, ceilingMs });
        expect(budget.ceilingMs).toBe(ceilingMs);
        expect(budget.floorMs).toBeGreaterThanOrEqual(floorMs);
        expect(budget.floorMs).toBeLessThanOrEqual(ceilingMs);
        for (const readyMs of history.slice(-5)) {
          expect(budget.floorMs).toBeGreaterThanOrEqual(Math.min(readyMs, ceilingMs));
        }
      }),
    );
  });

  test('never exceeds a ceiling that is below the floor', () => {
    expect(budgetFrom([], { floorMs: 20_000, ceilingMs: 5000 })).toEqual({ floorMs: 5000, ceilingMs: 5000 });
  });
});
