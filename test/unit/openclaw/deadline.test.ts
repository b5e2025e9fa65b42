import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { budgetFrom, ProgressDeadline } from '../../../src/openclaw/deadline.js';

const duration = fc.integer({ min: 1, max: 600_000 });
const limits = fc
  .record({ floorMs: duration, extra: duration, stallMs: duration })
  .map(({ floorMs, extra, stallMs }) => ({ floorMs, ceilingMs: floorMs + extra, stallMs }));
/** Observes pauses and what was seen after each; the clock starts anywhere. */
const observations = fc.array(
  fc.record({ pause: fc.integer({ min: 0, max: 60_000 }), signature: fc.constantFrom('a', 'b', 'c') }),
  { minLength: 1 },
);
const start = fc.integer({ min: 0, max: 2_000_000_000_000 });

describe('ProgressDeadline', () => {
  const steady = { floorMs: 100, ceilingMs: 1000, stallMs: 200 };

  test('waits before anything was observed', () => {
    expect(new ProgressDeadline(steady).verdict(5)).toEqual({ state: 'waiting', waitedMs: 0 });
  });

  test('is stalled once the floor has passed and nothing advanced for long enough', () => {
    const deadline = new ProgressDeadline(steady);
    deadline.observe(1000, 'starting');
    deadline.observe(1150, 'starting');
    expect(deadline.verdict(1199)).toEqual({ state: 'waiting', waitedMs: 199 });
    expect(deadline.verdict(1200)).toEqual({ state: 'stalled', waitedMs: 200 });
    deadline.observe(1210, 'sidecars');
    expect(deadline.verdict(1409)).toEqual({ state: 'waiting', waitedMs: 409 });
    expect(deadline.verdict(1410)).toEqual({ state: 'stalled', waitedMs: 410 });
  });

  test('always waits before the floor', () => {
    fc.assert(
      fc.property(limits, observations, start, fc.nat(), (given, seen, begin, offset) => {
        const deadline = new ProgressDeadline(given);
        let now = begin;
        for (const { pause, signature } of seen) {
          deadline.observe(now, signature);
          now += pause;
        }
        const at = Math.max(now, begin + (offset % given.floorMs));
        fc.pre(at - begin < given.floorMs);
        expect(deadline.verdict(at)).toEqual({ state: 'waiting', waitedMs: at - begin });
      }),
    );
  });

  test('is exhausted past the ceiling, however much advances', () => {
    fc.assert(
      fc.property(limits, start, duration, (given, begin, step) => {
        const deadline = new ProgressDeadline(given);
        const end = begin + given.ceilingMs;
        for (let turn = 0; turn <= 100; turn++) {
          deadline.observe(begin + Math.round((given.ceilingMs * turn) / 100), `step ${turn}`);
        }
        expect(deadline.verdict(end)).toEqual({ state: 'exhausted', waitedMs: given.ceilingMs });
        expect(deadline.verdict(end + step).state).toBe('exhausted');
      }),
    );
  });

  test('never gives up on what advances more often than the stall, below the ceiling', () => {
    fc.assert(
      fc.property(limits, start, (given, begin) => {
        const deadline = new ProgressDeadline(given);
        const pause = Math.max(1, Math.ceil(given.stallMs / 2), Math.ceil(given.ceilingMs / 200));
        fc.pre(pause < given.stallMs);
        for (let now = begin, turn = 0; now < begin + given.ceilingMs; now += pause, turn++) {
          expect(deadline.verdict(now).state).toBe('waiting');
          deadline.observe(now, String(turn));
        }
      }),
    );
  });

  test('says stalled between floor and ceiling exactly when the last change of signature is older than the stall', () => {
    fc.assert(
      fc.property(limits, observations, start, duration, (given, seen, begin, after) => {
        const deadline = new ProgressDeadline(given);
        let now = begin;
        let changed = begin;
        let last: string | undefined;
        for (const { pause, signature } of seen) {
          if (signature !== last) changed = now;
          last = signature;
          deadline.observe(now, signature);
          now += pause;
        }
        const at = now + after;
        const waitedMs = at - begin;
        fc.pre(waitedMs >= given.floorMs && waitedMs < given.ceilingMs);
        const state = at - changed >= given.stallMs ? 'stalled' : 'waiting';
        expect(deadline.verdict(at)).toEqual({ state, waitedMs });
      }),
    );
  });
});

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
