import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { settingsFrom, type TimerOptions, withSettings } from '../../../src/cli/timer-options.js';
import { parseWindow } from '../../../src/cli/window.js';
import type { Schedule } from '../../../src/store/schedule.js';

function settings(words: string[], before: Schedule = {}) {
  const command = withSettings(new Command('enable'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.parse(words, { from: 'user' });
  return settingsFrom(command.opts<TimerOptions>(), before);
}

describe('windows', () => {
  test.each([
    ['02:00-05:00', { days: null, from: '02:00', to: '05:00' }],
    ['Mon-Fri 2:00 - 5:00', { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '02:00', to: '05:00' }],
    ['sat,Sunday 22:00-04:00', { days: ['sat', 'sun'], from: '22:00', to: '04:00' }],
    ['Fri-Mon 00:00-24:00', { days: ['fri', 'sat', 'sun', 'mon'], from: '00:00', to: '24:00' }],
  ])('%s', (text, window) => {
    expect(parseWindow(text)).toEqual(window);
  });

  test.each(['', 'night', '25:00-26:00', 'Foo 02:00-05:00', 'Mon-Tue-Wed 02:00-05:00', '02:00'])(
    '%j is refused',
    (text) => {
      expect(() => parseWindow(text)).toThrow();
    },
  );
});

describe('settings', () => {
  test('spans are accepted in any unit, and settings that are not named stay', () => {
    expect(settings(['--delay', '2d', '--idle', '90s', '--countdown', '2m', '--soak', '12'])).toEqual({
      ...{ delayHours: 48, idleMinutes: 1.5, countdownSeconds: 120, soakHours: 12 },
    });
  });

  test('windows are all of one time zone, which can be changed alone', () => {
    const window = { days: null, from: '02:00', to: '05:00', timeZone: 'Europe/Berlin' };
    expect(settings(['--window', '02:00-05:00', '--time-zone', 'Europe/Berlin'])).toEqual({
      windows: [window],
    });
    expect(settings(['--time-zone', 'UTC'], { windows: [window] })).toEqual({
      windows: [{ ...window, timeZone: 'UTC' }],
    });
    expect(settings(['--any-time'], { windows: [window] })).toEqual({ windows: undefined });
    expect(() => settings(['--time-zone', 'UTC'])).toThrow('There is no window');
  });

  test('windows that follow each other without a gap count as one, and a shorter countdown needs less', () => {
    for (const words of [
      ['--window', '02:00-03:01'],
      ['--window', '02:00-03:00', '--countdown', '0s'],
      ['--window', '23:30-24:00', '--window', '00:00-01:00'],
    ])
      expect(() => settings(words)).not.toThrow();
  });

  test('versions to skip are added, and removed all at once; other settings are reset likewise', () => {
    expect(settings(['--skip', '2026.6.5'], { skip: ['2026.6.1'] })).toEqual({
      skip: ['2026.6.1', '2026.6.5'],
    });
    expect(settings(['--skip-none'], { skip: ['2026.6.1'] })).toEqual({ skip: undefined });
    expect(settings(['--defaults', '--delay', '1h'], { delayHours: 9, soakHours: 3 })).toEqual({
      ...{ delayHours: 1, soakHours: undefined },
    });
  });

  test.each([
    [['--channel', 'dev'], 'no releases of it'],
    [['--channel', 'extended-stable'], 'only ever updated by hand'],
    [['--channel', 'nightly'], 'The channels are stable and beta'],
    [['--time-zone', 'Mars/Olympus'], 'Not a time zone'],
    [['--delay', 'soon'], 'Not a duration'],
    [['--delay', '-3h'], 'Not a duration'],
    [['--delay', '9999d'], 'longer than a year'],
    [['--skip', 'latest'], 'Not a version'],
    [['--window', '02:00-02:30'], 'A window of 30 min can miss the timer'],
    [['--window', '02:00-03:00'], 'it needs 1 h 1 min'],
    [['--window', '02:00-03:30', '--countdown', '45m'], 'it needs 1 h 45 min'],
    [['--window', '01:00-05:00', '--window', 'Sat 23:00-23:30'], 'A window of 30 min'],
  ])('%j is refused with a reason', (words, reason) => {
    expect(() => settings(words)).toThrow(reason);
  });
});
