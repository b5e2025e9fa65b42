import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jitterOf } from '../../src/core/jitter.js';
import { compareVersions } from '../../src/core/version.js';
import { backoff } from '../../src/timer/rules/backoff.js';
import { readClock } from '../../src/timer/rules/clock.js';
import { decide, type Input } from '../../src/timer/rules/decision.js';
import { DEFAULTS, type Settings, WEEKDAYS, type Window } from '../../src/timer/rules/settings.js';
import type { Happening } from '../support/schedule-happening.js';
import { Host } from '../support/schedule-host.js';
import type { Release } from '../support/schedule-registry.js';
import { type Applied, HOUR, MINUTE } from '../support/schedule-truth.js';
import { isOpenSlowly } from '../support/wall-clock.js';

/** Three days before each change of a clock, and before a leap day. */
const STARTS = [
  '2026-03-26',
  '2026-03-05',
  '2026-10-22',
  '2026-10-29',
  '2026-04-01',
  '2026-10-01',
  '2026-02-12',
  '2026-03-19',
  '2028-02-26',
];
const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC'];
const DAYS = 35;

const rarely = <T>(what: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, what);
const hours = (max: number) => fc.integer({ min: 0, max });
const windows = fc.record({
  timeZone: fc.constantFrom(...ZONES),
  from: fc.constantFrom('00:00', '01:15', '02:00', '02:30', '12:00', '22:00', '23:30'),
  to: fc.constantFrom('00:45', '02:00', '02:59', '03:00', '06:00', '12:00'),
  days: fc.option(fc.subarray([...WEEKDAYS], { minLength: 2 })),
});
const settings = fc.record({
  delayHours: hours(48),
  jitterHours: hours(48),
  minimumAgeHours: hours(48),
  minimumIntervalHours: hours(72),
  soakHours: hours(72),
  windows: fc.oneof(fc.constant<Window[]>([]), fc.array<Window>(windows, { minLength: 1, maxLength: 2 })),
  skip: fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, fc.constant<string[]>(['2026.9.3'])),
});
/** The releases of a month or so; each comes some hours after the one before. */
const releases = fc.array(
  fc.record({
    after: hours(200),
    bad: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    flaky: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(12)),
    deprecatedAfter: rarely(hours(150)),
    unpublishedAfter: rarely(hours(72)),
  }),
  { minLength: 4, maxLength: 9 },
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 600, arbitrary: fc.constant<Happening>({ kind: 'nothing' }) },
  {
    weight: 10,
    arbitrary: fc.constantFrom<Happening[]>(
      ...(['unhold', 'unhold', 'pin', 'unpin', 'unpin', 'unpin', 'rollback', 'update', 'crash'] as const).map(
        (kind) => ({ kind }),
      ),
      ...(['silence', 'silence', 'off', 'on', 'on', 'on', 'unwell', 'well', 'well', 'well'] as const).map(
        (kind) => ({ kind }),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('hold' as const), hours: fc.option(hours(100), { freq: 5 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('clock' as const), hours: fc.integer({ min: -100, max: 60 }) }),
  },
);
/** Runs each hour, a bit more or less; now and then the machine sleeps, for an hour or for days. */
const pause = fc.oneof(
  { weight: 60, arbitrary: fc.integer({ min: 50, max: 70 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 6 * 24 * 60 }) },
);
const scenario = fc.record({
  start: fc.constantFrom(...STARTS),
  settings,
  releases,
  badShare: fc.constantFrom(0, 0, 0.2, 1),
  life: fc.array(fc.tuple(pause, happening), { minLength: 300, maxLength: 800, size: 'max' }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function makeHost(given: Scenario): { host: Host; settings: Settings } {
  const start = Date.parse(`${given.start}T00:00:00Z`);
  let at = start;
  const published = given.releases.map(
    ({ after, deprecatedAfter, unpublishedAfter, bad, flaky }, index): Release => {
      at += after * HOUR;
      const later = (hours: number | null) => (hours === null ? null : at + hours * HOUR);
      return {
        version: `2026.9.${index + 1}`,
        at,
        bad: bad < given.badShare,
        flaky,
        deprecatedAt: later(deprecatedAfter),
        unpublishedAt: later(unpublishedAfter),
      };
    },
  );
  const all = { ...DEFAULTS, ...given.settings };
  return { host: new Host(all, published, '2026.9.0', start), settings: all };
}

/** Message that names the rule that was broken. */
function wrongs({ version, at, before }: Applied, settings: Settings): string[] {
  const { release } = before;
  const age = (at - release.at) / HOUR;
  const open = settings.windows.length === 0 || settings.windows.some((one) => isOpenSlowly(one, at));
  const soaked = Math.min(before.sinceProven, before.sinceRestart) >= settings.soakHours;
  const found: Record<string, boolean> = {
    'outside of every window': !open,
    'while it was held': before.held,
    'while it was off': before.off,
    'while the gateway was unwell': before.unwell,
    'while the registry was silent': before.silent,
    'although pinned': before.pinned,
    'although it was to be skipped': settings.skip.includes(version),
    'in quarantine': before.quarantinedUntil > at,
    'a downgrade, or what ran': compareVersions(version, before.running) <= 0,
    'a second time': before.takenBefore,
    'although a person went back from it': before.personWentBack,
    'although it was taken back': before.takenBack,
    'too young': age < settings.minimumAgeHours,
    'before its turn': age < settings.delayHours + jitterOf('a-host', version) * settings.jitterHours,
    'too soon after the last change': before.sinceChange < settings.minimumIntervalHours,
    'before the last one soaked': !soaked && before.sinceProven < 3 * settings.soakHours,
    'too soon after a failure': before.sinceFailure * HOUR < backoff(before.failedAttempts, 'a-host'),
    'after three that went back': before.failuresInARow >= 3,
  };
  return Object.keys(found).filter((what) => found[what]);
}

/** Facts at another moment, asked again. */
function at(input: Input, ms: number): Input {
  const clock = readClock(input.clock, ms);
  const registry = input.registry && { ...input.registry, askedAt: new Date(ms).toISOString() };
  return { ...input, clock, registry };
}

describe('A host over weeks', () => {
  const seen = { runs: 0, applied: 0, back: 0, early: 0, broken: 0, behind: 0, kept: 0 };

  test('never takes a release against a rule', () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { host, settings: all } = makeHost(given);
        const end = host.time.real + DAYS * 24 * HOUR;
        for (const [minutes, what] of given.life) {
          host.time.real += minutes * MINUTE;
          if (host.time.real > end) break;
          host.happen(what);
          const count = host.applied.length;
          const { decision } = host.run();
          seen.runs++;
          if (decision.rule === 'breaker') seen.broken++;
          if (decision.votes.some(({ rule, verdict }) => rule === 'clock' && verdict === 'wait'))
            seen.behind++;
          const last = host.applied.at(-1);
          if (host.applied.length === count || !last) continue;
          expect(wrongs(last, all), `${last.version} on ${new Date(last.at).toISOString()}`).toEqual([]);
          seen.applied++;
          if (host.running === last.version) seen.kept++;
          else if (last.before.release.bad) seen.back++;
          else seen.early++;
        }
      }),
      { numRuns: 80, interruptAfterTimeLimit: 40_000 },
    );
    // Cases that never came up have not been tried.
    expect(seen.applied).toBeGreaterThan(50);
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
  });

  test('knows the moment at which it may, no earlier and no later', () => {
    let told = 0;
    fc.assert(
      fc.property(scenario, (given) => {
        const { host, settings: all } = makeHost(given);
        let putBack = false;
        for (const [minutes, what] of given.life.slice(0, 400)) {
          host.time.real += minutes * MINUTE;
          host.happen(what);
          putBack ||= what.kind === 'clock';
          const { input, decision } = host.run();
          if (decision.verdict !== 'wait' || decision.until === null) continue;
          const until = Date.parse(decision.until);
          expect(until).toBeGreaterThan(input.clock.now);
          expect(decide(at(input, until - 1)).verdict).not.toBe('update');
          const blind = decision.votes.some((vote) => vote.verdict === 'wait' && vote.until === undefined);
          // A clock that is set back may have to be waited for twice.
          if (blind || putBack) continue;
          expect(decide(at(input, until)).verdict).toBe('update');
          expect(all.windows.length === 0 || all.windows.some((one) => isOpenSlowly(one, until))).toBe(true);
          told++;
        }
      }),
      { numRuns: 20, interruptAfterTimeLimit: 40_000 },
    );
    expect(told).toBeGreaterThan(100);
  });
});
