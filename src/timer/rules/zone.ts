import { HOUR } from './time.js';

/** Span with a constant offset: `start` and `end` in milliseconds since 1970, `offset` from UTC in milliseconds. */
export interface Stretch {
  start: number;
  end: number;
  offset: number;
}

/** A cache, because creating a format takes longer than all other code here. */
const formats = new Map<string, Intl.DateTimeFormat | null>();

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  let format = formats.get(timeZone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    } catch {
      format = null;
    }
    formats.set(timeZone, format);
  }
  return format;
}

export function isTimeZone(timeZone: string): boolean {
  return formatOf(timeZone) !== null;
}

/** Milliseconds that local time is ahead of UTC. Expects a valid time zone. */
export function offsetAt(timeZone: string, ms: number): number {
  const parts = formatOf(timeZone)?.formatToParts(ms) ?? [];
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes, seconds] = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name) ?? [];
  const size = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return (sign === '-' ? -size : size) * 1000;
}

/** Expects times some days apart: no zone moves its clock forward and back within days, or twice within six hours. */
export function stretches(timeZone: string, start: number, end: number): Stretch[] {
  const found: Stretch[] = [];
  let open: Stretch = { start, end: start, offset: offsetAt(timeZone, start) };
  if (offsetAt(timeZone, end) === open.offset) return [{ ...open, end }];
  for (let at = start; at < end; ) {
    const next = Math.min(at + 6 * HOUR, end);
    const offset = offsetAt(timeZone, next);
    if (offset !== open.offset) {
      const change = changeBetween(timeZone, at, next);
      found.push({ ...open, end: change });
      open = { start: change, end: change, offset };
    }
    at = next;
  }
  found.push({ ...open, end });
  return found;
}

function changeBetween(timeZone: string, low: number, high: number): number {
  const before = offsetAt(timeZone, low);
  let [same, other] = [low, high];
  while (other - same > 1000) {
    const middle = same + Math.floor((other - same) / 2000) * 1000;
    if (offsetAt(timeZone, middle) === before) same = middle;
    else other = middle;
  }
  return other;
}
