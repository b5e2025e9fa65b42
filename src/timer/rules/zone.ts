import { HOUR } from './time.js';

/** A span in which a zone's offset stays the same; `start` and `end` in milliseconds since 1970, `offset` from UTC in milliseconds. */
export interface Stretch {
  start: number;
  end: number;
  offset: number;
}

/** Making one takes longer than everything else here together. */
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

/** Whether the time zone database of this Node has it. */
export function isTimeZone(timeZone: string): boolean {
  return formatOf(timeZone) !== null;
}

/** How far the wall clock of a zone is ahead of UTC, in milliseconds. The zone must be one. */
export function offsetAt(timeZone: string, ms: number): number {
  const parts = formatOf(timeZone)?.formatToParts(ms) ?? [];
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes, seconds] = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name) ?? [];
  const size = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return (sign === '-' ? -size : size) * 1000;
}

/**
 * The stretches between two moments that are some days apart, in order. No zone puts its clock forward and back within
 * days, nor changes it twice within six hours.
 */
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

/** The first second at which the offset is no longer that of `low`. */
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
