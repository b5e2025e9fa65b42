import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type Input } from '../../../../src/timer/rules/decision.js';
import { situation, window } from '../../../support/schedule.js';

describe('A decision on nonsense', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '',
      '2026-11-21',
      '2026-11-21T12:00:00Z',
      '+275760-09-13T00:00:00Z',
      '2026.9.6',
      '2026.9.5',
      'latest',
      '__proto__',
    ),
  );
  const maybe = fc.option(text);
  const number: fc.Arbitrary<number> = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -1,
      8.64e15,
      9e15,
      Date.parse('2026-11-21T12:00:00Z'),
    ),
  );
  const maybeNumber: fc.Arbitrary<number | null> = fc.option(number);
  const anything: fc.Arbitrary<Input> = fc.record({
    settings: fc.record({
      channel: fc.constantFrom('stable', 'beta', 'dev' as 'beta', '__proto__' as 'beta'),
      delayHours: number,
      jitterHours: number,
      minimumAgeHours: number,
      minimumIntervalHours: number,
      soakHours: number,
      drillDays: number,
      scrubWithinDays: number,
      windows: fc.array(
        fc.record({
          days: fc.option(fc.array(text as fc.Arbitrary<'sun'>)),
          from: text,
          to: text,
          timeZone: text,
        }),
      ),
      idleMinutes: number,
      countdownSeconds: number,
      maxDeferHours: number,
      skip: fc.array(text),
    }),
    companions: fc.option(fc.record({ version: text, missing: fc.array(text) })),
    policy: fc.record({
      pins: fc.array(text),
      hold: fc.option(fc.record({ until: maybe })),
      quarantine: fc.dictionary(text, fc.record({ until: text, points: number })),
      enabled: fc.boolean(),
      blockedBy: fc.constantFrom([], ['It is off.'], ['It is off.', 'And so is this.']),
      breakerResetAt: maybe,
    }),
    clock: fc.record({
      now: number,
      lastRun: maybeNumber,
      behindSince: maybeNumber,
      jumpedAt: maybeNumber,
    }),
    registry: fc.option(
      fc.record({
        tags: fc.oneof(fc.dictionary(text, text), fc.constant({ latest: '2026.9.6' })),
        versions: fc.array(fc.record({ version: text, at: text, deprecated: maybe })),
        askedAt: text,
        saidAt: maybe,
        newestSeen: maybe,
      }),
    ),
    history: fc.array(
      fc.record({
        id: text,
        kind: text,
        initiator: fc.constantFrom('person', 'gateway', 'timer'),
        from: maybe,
        to: maybe,
        status: fc.oneof(
          text,
          fc.constantFrom('rolled_back', 'package_update_failed', 'package_updated_restart_verified'),
        ),
        startedAt: text,
        endedAt: maybe,
      }),
    ),
    gateway: fc.record({
      running: maybe,
      provenAt: maybe,
      restartsSince: number,
      restartedAt: maybe,
      activeChange: maybe,
      healthy: fc.boolean(),
    }),
    installId: text,
  });

  test('is never an error, always has a reason, and names nothing but times', () => {
    fc.assert(
      fc.property(anything, (input) => {
        const decision = decide(input);
        expect(decision.votes).toHaveLength(21);
        for (const { reason, until } of decision.votes) {
          expect(reason).not.toBe('');
          if (until !== undefined) expect(Number.isNaN(Date.parse(until))).toBe(false);
        }
        const against = decision.votes.filter(({ verdict }) => verdict !== 'pass');
        expect(decision.verdict === 'update').toBe(against.length === 0);
      }),
      { numRuns: 300 },
    );
  });

  test('with one invalid window is a no', () => {
    const input = situation();
    expect(
      decide({ ...input, settings: { ...input.settings, windows: [window('x', 'y', 'z')] } }).verdict,
    ).toBe('no');
  });
});
