import { InvalidArgumentError } from 'commander';

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const SPAN = /^(\d{1,4})([mhdw])$/;
const DATE = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * A moment to come: a span from now (`90m`, `12h`, `3d`, `2w`), a date (its beginning, on this machine's clock), or a date
 * and time, likewise unless it names its offset.
 * @throws InvalidArgumentError for anything else, and for what has been
 */
export function parseMoment(text: string, now = Date.now()): Date {
  const [, count, unit] = SPAN.exec(text) ?? [];
  if (unit !== undefined) return new Date(now + Number(count) * (UNITS[unit] ?? 0));
  const local = text.length === 'YYYY-MM-DD'.length ? `${text}T00:00` : text.replace(' ', 'T');
  const moment = DATE.test(text) ? new Date(local) : new Date(Number.NaN);
  if (Number.isNaN(moment.getTime()))
    throw new InvalidArgumentError('Not a date, a date with a time, or a span such as 3d or 12h.');
  if (moment.getTime() <= now) throw new InvalidArgumentError('That has been.');
  return moment;
}
