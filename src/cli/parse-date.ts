import { InvalidArgumentError } from 'commander';

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const SPAN = /^(\d{1,4})([mhdw])$/;
const DATE = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Parses a span from now (`90m`, `12h`, `3d`, `2w`), a date or a date with a time. A date means 00:00;
 * the clock is this machine's unless the text names an offset.
 * @throws InvalidArgumentError for any other text, and for a time in the past
 */
export function parseMoment(text: string, now = Date.now()): Date {
  const moment = parse(text, now, 1);
  if (moment.getTime() <= now) throw new InvalidArgumentError('That has been.');
  return moment;
}

/** Parses likewise, but a span is before now. @throws InvalidArgumentError for any other text */
export const parsePast = (text: string) => parse(text, Date.now(), -1);

function parse(text: string, now: number, direction: 1 | -1): Date {
  const [, count, unit] = SPAN.exec(text) ?? [];
  if (unit !== undefined) return new Date(now + direction * Number(count) * (UNITS[unit] ?? 0));
  const local = text.length === 'YYYY-MM-DD'.length ? `${text}T00:00` : text.replace(' ', 'T');
  const moment = DATE.test(text) ? new Date(local) : new Date(Number.NaN);
  if (Number.isNaN(moment.getTime()))
    throw new InvalidArgumentError('Not a date, a date with a time, or a span such as 3d or 12h.');
  return moment;
}
