import { describe, expect, test } from 'vitest';
import { jitterOf, nextRunJitter } from '../../src/core/jitter.js';
import { DEFAULTS } from '../../src/timer/rules/settings.js';
import { Fleet, failsOn, type Pace, type Release, takes } from '../simulation/fleet.js';
import { outage, retries } from '../simulation/outage.js';
import { chiSquaredTail, evenness, quantiles } from '../simulation/statistics.js';
import { BAD_AT, badRelease, goodRelease, keepingUp, story } from '../simulation/story.js';
import { stubbornRelease } from '../simulation/stubborn.js';
import { Host } from '../support/schedule-host.js';
import { HOUR } from '../support/schedule-truth.js';

const fleet = new Fleet(20_000);

describe('Pearson’s test', () => {
  // Values from printed tables.
  test.each([
    [3.841, 1, 0.05],
    [6.635, 1, 0.01],
    [18.307, 10, 0.05],
    [123.225, 99, 0.05],
    [66.5, 99, 0.995],
    [149.449, 100, 0.001],
  ])('gives %d with %d degrees of freedom the p-value %d', (chiSquared, freedom, p) => {
    expect(chiSquaredTail(chiSquared, freedom)).toBeCloseTo(p, 3);
  });

  test('detects an uneven spread', () => {
    const shares = Array.from({ length: 20_000 }, (_, at) => at / 20_000);
    expect(evenness([shares]).p).toBeGreaterThan(0.999);
    expect(evenness([shares.map((share) => share ** 1.1)]).p).toBeLessThan(1e-6);
  });

  test('has quantiles by rank', () => {
    expect(
      quantiles(
        Float64Array.from({ length: 100 }, (_, at) => 100 - at),
        0,
        0.5,
        0.99,
        1,
      ),
    ).toEqual([1, 50, 99, 100]);
  });
});

describe('Jitter', () => {
  test.each([
    ['ids as installations make them', fleet.ids],
    ['ids that count up', fleet.ids.map((_, at) => `host-${at}`)],
    [
      'ids that differ at their ends',
      fleet.ids.map((_, at) => `${at}-of-one-long-name-that-all-of-them-have-${at % 7}`),
    ],
  ])('is even for %s', (_what, ids) => {
    const spreads = ['2026.9.5', '2026.9.6', '2026.9.6-1'].map((version) =>
      ids.map((id) => jitterOf(id, version)),
    );
    const { p } = evenness(spreads);
    console.info(`The p-value is ${p.toFixed(3)}.`);
    expect(p).toBeGreaterThan(0.001);
    expect(evenness([ids.map((id) => nextRunJitter(id, HOUR) / HOUR)], 60).p).toBeGreaterThan(0.001);
  });

  test('does not make the same hosts the first ones each time', () => {
    // A difference: the sum of a number with itself is even, too.
    const pairs = fleet.ids.map((id) => (1 + jitterOf(id, '2026.9.5') - jitterOf(id, '2026.9.6')) % 1);
    expect(evenness([pairs]).p).toBeGreaterThan(0.001);
  });
});

describe('The simulated fleet', () => {
  test('does what the rules decide, run by run', () => {
    const few = new Fleet(40);
    const start = Date.parse('2026-01-05T00:00:00Z');
    const withdrawnAt = BAD_AT + 50;
    const releases = story(0.4, withdrawnAt, withdrawnAt + 6);
    const taken = takes(few, releases, DEFAULTS);
    for (const [index, id] of few.ids.entries()) {
      expect([id, ...runByRun(few, index, releases, start)]).toEqual([
        id,
        ...taken.map((of) => round(of[index])),
      ]);
    }
    // Some took the bad one, some did not, and on some of them it stayed.
    const bad = [...(taken[1] ?? [])];
    expect(bad.some(Number.isNaN)).toBe(true);
    expect(bad.some((at, host) => !Number.isNaN(at) && failsOn(host, 0.4))).toBe(true);
    expect(bad.some((at, host) => !Number.isNaN(at) && !failsOn(host, 0.4))).toBe(true);
  });

  test('keeps the defaults’ promises', () => {
    expect(badRelease(fleet, DEFAULTS, 1, { afterPublication: 24 }).took).toBe(0);
    expect(badRelease(fleet, DEFAULTS, 1, { afterFirstFailure: 6 }).took).toBeLessThan(0.14);
    expect(goodRelease(fleet, DEFAULTS, 300).nearlyAll).toBeLessThan(73);
    expect(keepingUp(fleet, DEFAULTS).none).toBeLessThan(0.01);
    const abrupt: Pace = { ...DEFAULTS, jitterHours: 0 };
    const most = (pace: Pace) => goodRelease(fleet, pace, 300).requestsPerMinute.max;
    expect(most(abrupt) / most(DEFAULTS)).toBeGreaterThan(15);
  });

  test('raises no storm after a silence of the registry', () => {
    const { 'at its first run after the back-off': timer, 'every minute until it answers': naive } =
      retries(fleet);
    if (!timer || !naive) throw new Error('There are these two ways.');
    expect(outage(fleet, 6, timer).after.max).toBeLessThan(fleet.size / 40);
    expect(outage(fleet, 6, naive).after.max).toBe(fleet.size);
  });

  test('restarts a gateway three times at most for a release that never works', () => {
    expect(stubbornRelease(40)).toEqual({ 'quarantine and breaker': 3, 'the breaker alone': 3, neither: 38 });
  });
});

/** Hours at which a host takes each release, by the rules themselves. */
function runByRun(few: Fleet, index: number, releases: Release[], start: number): number[] {
  const known = releases.map(({ version, at, until, fails }) => ({
    version,
    at: start + at * HOUR,
    bad: failsOn(index, fails),
    flaky: 0,
    deprecatedAt: start + until * HOUR,
    unpublishedAt: null,
  }));
  const host = new Host(DEFAULTS, known, '2026.1.0', start - 48 * HOUR, few.ids[index]);
  for (let run = 0; run < BAD_AT + 200; run++) {
    host.time.real = start + Math.round((run + (few.phase[index] ?? 0)) * HOUR);
    host.run();
  }
  return releases.map(({ version }) => {
    const found = host.applied.find((one) => one.version === version);
    return round(found && (found.at - start) / HOUR);
  });
}

function round(hours: number | undefined): number {
  return Math.round((hours ?? Number.NaN) * 1000) / 1000;
}
