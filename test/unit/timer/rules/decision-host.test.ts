import { describe, expect, test } from 'vitest';
import { DEFAULTS, type Settings } from '../../../../src/timer/rules/settings.js';
import { window } from '../../../support/schedule.js';
import { Host } from '../../../support/schedule-host.js';
import type { Release } from '../../../support/schedule-registry.js';
import { HOUR, MINUTE } from '../../../support/schedule-truth.js';

interface Nights {
  from: string;
  days: number;
  releases: Partial<Release>[];
  settings?: Partial<Settings>;
  asleep?: [from: string, to: string];
}

/** A host with a window at two o'clock in Berlin, run every quarter of an hour; answers when it installed which release. */
function nights({ from, days, releases, settings, asleep }: Nights): string[] {
  const all = {
    ...DEFAULTS,
    windows: [window('02:00', '03:00', 'Europe/Berlin')],
    jitterHours: 0,
    ...settings,
  };
  const known = releases.map((release, index): Release => {
    const version = `2026.9.${index + 1}`;
    return { version, at: 0, bad: false, flaky: 0, deprecatedAt: null, unpublishedAt: null, ...release };
  });
  const start = Date.parse(from);
  const host = new Host(all, known, '2026.9.0', start - 30 * 24 * HOUR);
  for (let run = 0; run < days * 96; run++) {
    host.time.real = start + run * 15 * MINUTE;
    if (asleep && host.time.real >= Date.parse(asleep[0]) && host.time.real < Date.parse(asleep[1])) continue;
    host.run();
  }
  return host.applied.map(({ version, at }) => `${version} ${new Date(at).toISOString().slice(5, 16)}`);
}

describe('A host', () => {
  test('updates once in the hour that comes twice, though another release is published in between', () => {
    const releases = [{}, { at: Date.parse('2026-10-25T00:30Z') }];
    const settings = { delayHours: 0, minimumAgeHours: 0, soakHours: 0 };
    expect(nights({ from: '2026-10-24T12:00Z', days: 2, releases, settings })).toEqual([
      '2026.9.1 10-25T00:00',
      '2026.9.2 10-26T01:00',
    ]);
  });

  test('updates in the night that has no two o’clock', () => {
    expect(nights({ from: '2026-03-28T12:00Z', days: 1, releases: [{}] })).toEqual(['2026.9.1 03-29T01:00']);
  });

  test('that slept through its window waits for the next one, and installs only the newest', () => {
    const releases = [{}, { at: Date.parse('2026-06-02T12:00Z') }];
    const asleep: Nights['asleep'] = ['2026-06-01T20:00Z', '2026-06-05T07:10Z'];
    expect(nights({ from: '2026-06-01T12:00Z', days: 6, releases, asleep })).toEqual([
      '2026.9.2 06-06T00:00',
    ]);
  });

  test('installs what fixes a release that was rolled back, and only that one', () => {
    const releases = [{ bad: true }, { at: Date.parse('2026-06-04T12:00Z') }];
    expect(nights({ from: '2026-06-01T12:00Z', days: 10, releases })).toEqual([
      '2026.9.1 06-02T00:00',
      '2026.9.2 06-06T00:00',
    ]);
  });

  test('whose clock was years ahead and is corrected waits as long as ever, and not for years', () => {
    const start = Date.parse('2026-06-01T00:00Z');
    const settings = { ...DEFAULTS, jitterHours: 0, minimumIntervalHours: 72 };
    const release = { bad: false, flaky: 0, deprecatedAt: null, unpublishedAt: null };
    const releases = [
      { ...release, version: '2026.9.1', at: start - 200 * HOUR },
      { ...release, version: '2026.9.2', at: start + 2 * HOUR },
    ];
    const host = new Host(settings, releases, '2026.9.0', start - 500 * HOUR);
    host.time.putForward(4 * 365 * 24);
    const taken: number[] = [];
    for (let run = 1; run < 200; run++) {
      host.time.real = start + run * HOUR;
      if (run === 2) host.time.putForward(-4 * 365 * 24);
      const count = host.applied.length;
      host.run();
      if (host.applied.length > count) taken.push(run);
    }
    expect(taken).toEqual([1, 2 + 72]);
  });

  test('tries a release again that failed before anything was changed, but not at every run', () => {
    const settings = { windows: [] };
    const taken = nights({ from: '2026-06-01T00:00Z', days: 4, releases: [{ flaky: 100 }], settings });
    expect(taken.length).toBeGreaterThan(5);
    expect(taken.length).toBeLessThan(20);
  });
});
