import { type Command, InvalidArgumentError } from 'commander';
import { parse as parseVersion } from 'semver';
import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import type { Schedule } from '../store/schedule.js';
import { DEFAULTS } from '../timer/rules/settings.js';
import { HOUR } from '../timer/rules/time.js';
import { shortestOpening } from '../timer/rules/window.js';
import { isTimeZone } from '../timer/rules/zone.js';
import { durationIn } from './parse.js';
import { ownTimeZone, parseWindow, type WallWindow } from './window.js';

export interface TimerOptions {
  channel?: 'stable' | 'beta';
  window?: WallWindow[];
  anyTime?: boolean;
  timeZone?: string;
  delay?: number;
  jitter?: number;
  minimumAge?: number;
  minimumInterval?: number;
  soak?: number;
  drill?: number;
  scrub?: number;
  idle?: number;
  countdown?: number;
  maxDefer?: number;
  skip?: string[];
  skipNone?: boolean;
  defaults?: boolean;
}

const HOURS = (text: string) => durationIn('h')(text) / 3_600_000;
const DAYS = (text: string) => durationIn('d')(text) / 86_400_000;
const MINUTES = (text: string) => durationIn('m')(text) / 60_000;
const SECONDS = (text: string) => durationIn('s')(text) / 1_000;

const WINDOW = 'when a restart is welcome, "Mon-Fri 02:00-05:00"; may be given again';

export function withSettings<C extends Command>(command: C): C {
  return command
    .option('--channel <name>', 'stable or beta', parseChannel)
    .option('--window <text>', WINDOW, (text, before: WallWindow[] = []) => [...before, parseWindow(text)])
    .option('--any-time', 'no windows')
    .option('--time-zone <name>', "of the windows (default: this machine's)", parseTimeZone)
    .option('--delay <time>', 'from the publication of a release until the first hosts take it', HOURS)
    .option('--jitter <time>', 'over which hosts are spread after that', HOURS)
    .option('--minimum-age <time>', 'no release is taken before, with any other setting', HOURS)
    .option('--minimum-interval <time>', 'from one change to the next', HOURS)
    .option('--soak <time>', 'that a release must have run well before the next one', HOURS)
    .option('--drill <time>', 'from one drill of the previous release to the next; 0 makes none', DAYS)
    .option('--scrub <time>', 'within which all that is kept is compared with what it was; 0 never', DAYS)
    .option('--idle <time>', 'that the gateway must have been idle', MINUTES)
    .option('--countdown <time>', 'announced before the restart', SECONDS)
    .option('--max-defer <time>', 'after which a busy gateway is not waited for any more', HOURS)
    .option('--skip <version>', 'never taken; may be given again', (text, before: string[] = []) => [
      ...before,
      checkVersion(text),
    ])
    .option('--skip-none', 'forget the versions that were skipped')
    .option('--defaults', 'forget what was set before');
}

function parseChannel(text: string): 'stable' | 'beta' {
  if (text === 'stable' || text === 'beta') return text;
  if (text === 'extended-stable')
    throw new InvalidArgumentError(
      'It is only ever updated by hand: openclaw-releases update extended-stable.',
    );
  if (text === 'dev')
    throw new InvalidArgumentError('It is built from sources, and there are no releases of it.');
  throw new InvalidArgumentError('The channels are stable and beta.');
}

function parseTimeZone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError('Not a time zone such as Europe/Berlin or UTC.');
}

function checkVersion(text: string): string {
  if (parseVersion(text)) return text;
  throw new InvalidArgumentError('Not a version.');
}

/**
 * @returns only the settings to change; undefined removes a setting
 * @throws ReleasesError `usage` for a time zone without a window, and for a window that is too short
 */
export function settingsFrom(
  options: TimerOptions,
  before: Schedule,
): { [K in keyof Schedule]: Schedule[K] | undefined } {
  const kept: Schedule = options.defaults ? {} : before;
  const named = {
    channel: options.channel,
    delayHours: options.delay,
    jitterHours: options.jitter,
    minimumAgeHours: options.minimumAge,
    minimumIntervalHours: options.minimumInterval,
    soakHours: options.soak,
    drillDays: options.drill,
    scrubWithinDays: options.scrub,
    idleMinutes: options.idle,
    countdownSeconds: options.countdown,
    maxDeferHours: options.maxDefer,
  };
  const skip = [...(options.skipNone ? [] : (kept.skip ?? [])), ...(options.skip ?? [])];
  const windows = windowsFrom(options, kept);
  requireRoom({
    ...kept,
    ...(windows && { windows }),
    ...(options.countdown !== undefined && { countdownSeconds: options.countdown }),
  });
  const forgotten = options.defaults
    ? Object.fromEntries(Object.keys(before).map((key) => [key, undefined]))
    : {};
  return {
    ...forgotten,
    ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
    ...(windows === null ? {} : { windows: windows?.length ? windows : undefined }),
    ...((options.skip || options.skipNone) && { skip: skip.length > 0 ? [...new Set(skip)] : undefined }),
  };
}

/** The timer looks once an hour, at a minute of this host, and begins no countdown that the window has no room for. */
function requireRoom({ windows = [], countdownSeconds = DEFAULTS.countdownSeconds }: Schedule): void {
  const least = HOUR + countdownSeconds * 1000;
  const shortest = shortestOpening(windows, Date.now());
  if (shortest >= least) return;
  throw new ReleasesError(
    'usage',
    `A window of ${duration(shortest)} can miss the timer, which looks once an hour and then counts down: it needs ${duration(least)}.`,
    { hint: 'openclaw-releases timer enable --window "02:00-05:00"' },
  );
}

function windowsFrom(options: TimerOptions, kept: Schedule): Schedule['windows'] | null {
  const { window, anyTime, timeZone } = options;
  if (anyTime) return [];
  if (window) return window.map((one) => ({ ...one, timeZone: timeZone ?? ownTimeZone() }));
  if (timeZone === undefined) return null;
  if (kept.windows?.length) return kept.windows.map((one) => ({ ...one, timeZone }));
  throw new ReleasesError('usage', 'There is no window that the time zone could be of.', {
    hint: `openclaw-releases timer enable --window "02:00-05:00" --time-zone ${timeZone}`,
  });
}
