import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WEEKDAYS, type Window } from '../../../../src/timer/rules/settings.js';
import { nextOpening, openingAt, whyNotWindow } from '../../../../src/timer/rules/window.js';
import { window } from '../../../support/schedule.js';
import { isOpenSlowly } from '../../../support/wall-clock.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Moments around which each zone changes its clock, and the leap day. */
const CHANGES: Record<string, string[]> = {
  'Europe/Berlin': ['2026-03-29T01:00Z', '2026-10-25T01:00Z', '2028-02-29T12:00Z'],
  'America/New_York': ['2026-03-08T07:00Z', '2026-11-01T06:00Z', '2028-02-29T12:00Z'],
  // Zone of half an hour.
  'Australia/Lord_Howe': ['2026-04-04T15:00Z', '2026-10-03T15:30Z'],
  // Clock set back for Ramadan, at times that no rule gives.
  'Africa/Casablanca': ['2026-02-15T02:00Z', '2026-03-22T02:00Z', '2027-02-07T02:00Z'],
  UTC: ['2028-02-29T00:00Z'],
};

/** Openings of windows between two moments, as `from to` in UTC. */
function openings(windows: Window[], from: string, to: string): string[] {
  const found: string[] = [];
  const end = Date.parse(to);
  for (let at = nextOpening(windows, Date.parse(from)); at !== null && at < end; ) {
    const open = openingAt(windows, at);
    if (!open || found.length > 50) throw new Error(`Not open at ${at}, or for ever.`);
    found.push(`${brief(open.start)} ${brief(open.end)}`);
    at = nextOpening(windows, open.end);
  }
  return found;
}

function brief(ms: number): string {
  return new Date(ms).toISOString().slice(5, 16);
}

describe('A window', () => {
  test('is on the wall clock of its zone, in summer and in winter', () => {
    const night = window('03:00', '05:00', 'Europe/Berlin');
    expect(openings([night], '2026-03-27T12:00Z', '2026-03-31T00:00Z')).toEqual([
      '03-28T02:00 03-28T04:00',
      '03-29T01:00 03-29T03:00',
      '03-30T01:00 03-30T03:00',
    ]);
  });

  test('in the hour that does not exist opens once, when that hour would have begun, for as long', () => {
    expect(
      openings([window('02:00', '03:00', 'Europe/Berlin')], '2026-03-28T12:00Z', '2026-03-30T12:00Z'),
    ).toEqual(['03-29T01:00 03-29T02:00', '03-30T00:00 03-30T01:00']);
    expect(
      openings([window('02:30', '02:45', 'America/New_York')], '2026-03-08T00:00Z', '2026-03-09T00:00Z'),
    ).toEqual(['03-08T07:30 03-08T07:45']);
  });

  test('of which a part does not exist is what is left of it', () => {
    expect(
      openings([window('02:30', '03:30', 'Europe/Berlin')], '2026-03-28T12:00Z', '2026-03-29T12:00Z'),
    ).toEqual(['03-29T01:00 03-29T01:30']);
    expect(
      openings([window('02:00', '02:45', 'Australia/Lord_Howe')], '2026-10-03T12:00Z', '2026-10-04T12:00Z'),
    ).toEqual(['10-03T15:30 10-03T15:45']);
  });

  test('in the hour that comes twice is open both times', () => {
    expect(
      openings([window('02:00', '03:00', 'Europe/Berlin')], '2026-10-24T12:00Z', '2026-10-25T12:00Z'),
    ).toEqual(['10-25T00:00 10-25T02:00']);
    expect(
      openings([window('01:15', '01:30', 'America/New_York')], '2026-11-01T00:00Z', '2026-11-02T00:00Z'),
    ).toEqual(['11-01T05:15 11-01T05:30', '11-01T06:15 11-01T06:30']);
  });

  test('is open at its first moment, and closed at its last', () => {
    const night = window('03:00', '05:00', 'UTC');
    const [from, to] = [Date.parse('2026-03-27T03:00Z'), Date.parse('2026-03-27T05:00Z')];
    expect([from - 1, from, to - 1, to].map((ms) => openingAt([night], ms) !== null)).toEqual([
      ...[false, true, true, false],
    ]);
  });

  test('over midnight belongs to the day on which it begins', () => {
    expect(
      openings([window('23:00', '02:00', 'UTC', ['fri'])], '2026-11-16T00:00Z', '2026-11-30T00:00Z'),
    ).toEqual(['11-20T23:00 11-21T02:00', '11-27T23:00 11-28T02:00']);
  });

  test('knows the leap day, and what day it is', () => {
    expect(
      openings([window('03:00', '04:00', 'UTC', ['tue'])], '2028-02-27T00:00Z', '2028-03-07T00:00Z'),
    ).toEqual(['02-29T03:00 02-29T04:00']);
  });

  test('from a time to the same time is a whole day, and days without a gap are one opening', () => {
    expect(
      openings([window('00:00', '24:00', 'UTC', ['sat', 'sun'])], '2026-11-16T00:00Z', '2026-11-23T00:00Z'),
    ).toEqual(['11-21T00:00 11-23T00:00']);
    expect(
      openings([window('12:00', '12:00', 'UTC', ['sat'])], '2026-11-16T00:00Z', '2026-11-23T00:00Z'),
    ).toEqual(['11-21T12:00 11-22T12:00']);
  });

  test('on a day that a country left out is open as it would have been', () => {
    // Samoa went from 29 December 2011 to the 31st.
    expect(
      openings([window('12:00', '13:00', 'Pacific/Apia', ['fri'])], '2011-12-28T00:00Z', '2012-01-02T00:00Z'),
    ).toEqual(['12-30T22:00 12-30T23:00']);
  });

  test.each([
    ['Mars/Olympus', '02:00', '03:00', null, '"Mars/Olympus" is not a time zone.'],
    ['UTC', '2:00', '03:00', null, '"2:00" is not a time of the day.'],
    ['UTC', '24:00', '03:00', null, '"24:00" is not a time of the day.'],
    ['UTC', '02:00', '24:01', null, '"24:01" is not a time of the day.'],
    ['UTC', '02:00', '24:00', null, null],
    ['UTC', '02:00', '03:00', ['caturday'], '"caturday" is not a day of the week.'],
  ])('is checked before it is used: %s %s %s %s', (timeZone, from, to, days, why) => {
    expect(whyNotWindow({ timeZone, from, to, days: days as Window['days'] })).toBe(why);
  });

  const clockTime = fc.nat(24 * 12 - 1).map((five) => {
    const text = (value: number) => String(value).padStart(2, '0');
    return `${text(Math.floor(five / 12))}:${text((five % 12) * 5)}`;
  });
  /** A window, mostly a short one at night, and moments from a day and a half before a change of its clock to as long after it. */
  const cases = fc
    .record({
      timeZone: fc.constantFrom(...Object.keys(CHANGES)),
      which: fc.nat(2),
      from: fc.oneof(
        clockTime,
        fc.constantFrom('00:30', '01:00', '01:30', '02:00', '02:15', '02:30', '23:30'),
      ),
      to: fc.oneof(clockTime, fc.constantFrom('00:00', '01:30', '02:00', '02:30', '02:45', '03:00')),
      days: fc.option(fc.subarray([...WEEKDAYS], { minLength: 1 })),
      minutes: fc.array(
        fc.oneof(fc.integer({ min: -2160, max: 2160 }), fc.integer({ min: -130, max: 130 })),
        {
          minLength: 10,
          maxLength: 10,
        },
      ),
    })
    .map(({ timeZone, which, from, to, days, minutes }) => {
      const changes = CHANGES[timeZone] ?? [];
      const change = Date.parse(changes[which % changes.length] ?? '');
      return {
        it: window(from, to, timeZone, days),
        moments: minutes.map((minute) => change + minute * MINUTE),
      };
    });

  test('is open exactly when the wall clock says so, minute by minute', () => {
    let opened = 0;
    fc.assert(
      fc.property(cases, ({ it: one, moments }) => {
        for (const ms of moments) {
          const open = openingAt([one], ms) !== null;
          expect([one, new Date(ms).toISOString(), open]).toEqual([
            one,
            new Date(ms).toISOString(),
            isOpenSlowly(one, ms),
          ]);
          if (open) opened++;
        }
      }),
      { numRuns: 250 },
    );
    expect(opened).toBeGreaterThan(0);
  });

  test('is open when it is said to open next, and not before', () => {
    fc.assert(
      fc.property(cases, fc.nat(10_000), ({ it: one, moments }, share) => {
        const [ms = 0] = moments;
        const next = nextOpening([one], ms);
        if (next === null) throw new Error('A window never opens.');
        expect(next - ms).toBeLessThanOrEqual(7 * 24 * HOUR + 2 * HOUR);
        expect(isOpenSlowly(one, next)).toBe(true);
        if (next > ms)
          expect(isOpenSlowly(one, ms + Math.floor((next - 1 - ms) * (share / 10_000)))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
