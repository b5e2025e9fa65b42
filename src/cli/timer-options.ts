import { type Command, InvalidArgumentError } from 'commander';
import { parse as parseVersion } from 'semver';
import { ReleasesError } from '../core/errors.js';
import type { Schedule } from '../store/policy.js';
import { isTimeZone } from '../timer/rules/zone.js';
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
  idle?: number;
  countdown?: number;
  maxDefer?: number;
  skip?: string[];
  skipNone?: boolean;
  defaults?: boolean;
}

const SPAN = /^(\d{1,5}(?:\.\d+)?)(s|m|h|d|w)?$/;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const LONGEST_SECONDS = 52 * SECONDS.w;

/** Returns a parser for spans such as `36h`, `2d` or `90m`. A number without a unit, and the result, are in `unit`. */
function spanIn(unit: keyof typeof SECONDS): (text: string) => number {
  return (text) => {
    const [, count, given = unit] = SPAN.exec(text.trim()) ?? [];
    const seconds = Number(count) * SECONDS[given as keyof typeof SECONDS];
    if (Number.isNaN(seconds)) throw new InvalidArgumentError('Not a span of time such as 90m, 36h or 2d.');
    if (seconds > LONGEST_SECONDS) throw new InvalidArgumentError('That is longer than a year.');
    return seconds / SECONDS[unit];
  };
}

const WINDOW = 'when a restart is welcome, "Mon-Fri 02:00-05:00"; may be given again';

export function withSettings(command: Command): Command {
  return command
    .option('--channel <name>', 'stable or beta', parseChannel)
    .option('--window <text>', WINDOW, (text, before: WallWindow[] = []) => [...before, parseWindow(text)])
    .option('--any-time', 'no windows')
    .option('--time-zone <name>', "of the windows (default: this machine's)", parseTimeZone)
    .option('--delay <span>', 'from the publication of a release until the first hosts take it', spanIn('h'))
    .option('--jitter <span>', 'over which hosts are spread after that', spanIn('h'))
    .option('--minimum-age <span>', 'no release is taken before, with any other setting', spanIn('h'))
    .option('--minimum-interval <span>', 'from one change to the next', spanIn('h'))
    .option('--soak <span>', 'that a release must have run well before the next one', spanIn('h'))
    .option('--idle <span>', 'that the gateway must have been idle', spanIn('m'))
    .option('--countdown <span>', 'announced before the restart', spanIn('s'))
    .option('--max-defer <span>', 'after which a busy gateway is not waited for any more', spanIn('h'))
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
 * @throws ReleasesError `usage` for a time zone without a window
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
    idleMinutes: options.idle,
    countdownSeconds: options.countdown,
    maxDeferHours: options.maxDefer,
  };
  const skip = [...(options.skipNone ? [] : (kept.skip ?? [])), ...(options.skip ?? [])];
  const windows = windowsFrom(options, kept);
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
