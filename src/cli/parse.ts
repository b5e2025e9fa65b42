import { InvalidArgumentError } from 'commander';
import { type DurationUnit, parseDuration } from '../core/duration.js';
import { parseDate } from '../core/moment.js';
import { parseSize } from '../core/size.js';

const YEAR_MS = 52 * 7 * 86_400_000;

/** Returns a parser for durations such as `30s`, `90m`, `36h` or `2d`. A number without a unit is in `unit`; the result is in ms. */
export function durationIn(unit: DurationUnit): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text, unit);
    if (ms === null) throw new InvalidArgumentError('Not a duration such as 30s, 90m, 36h or 2d.');
    if (ms > YEAR_MS) throw new InvalidArgumentError('That is longer than a year.');
    return ms;
  };
}

/**
 * Parses a duration from now, or a date.
 * @throws InvalidArgumentError for any other text, and for a time in the past
 */
export function parseMoment(text: string, now = Date.now()): Date {
  const moment = parseTime(text, (ms) => now + ms);
  if (moment.getTime() <= now) throw new InvalidArgumentError('That time is in the past.');
  return moment;
}

/** Parses a duration before now, or a date. @throws InvalidArgumentError for any other text */
export const parsePast = (text: string) => parseTime(text, (ms) => Date.now() - ms);

function parseTime(text: string, away: (ms: number) => number): Date {
  const ms = parseDuration(text, null);
  const moment = ms === null ? parseDate(text) : new Date(away(ms));
  if (moment !== null) return moment;
  throw new InvalidArgumentError('Not a date, a date with a time, or a duration such as 3d or 12h.');
}

export function parseBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes === null) throw new InvalidArgumentError('Not an amount such as 500MiB or 4GiB.');
  return bytes;
}

export function parseCount(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}
