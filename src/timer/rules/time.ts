export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The last moment that a `Date` can be; a setting may well lie beyond it. */
const END_OF_TIME = 8.64e15;

/** Milliseconds since 1970 of a text of ISO 8601, or null for anything else. */
export function timeOf(text: string | null | undefined): number | null {
  if (typeof text !== 'string') return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** Whether it is a moment that a `Date` can be. */
export function isMoment(ms: number): boolean {
  return Math.abs(ms) <= END_OF_TIME;
}

/** The moment as ISO 8601; one that cannot be a date is the nearest that can, and what is no number the last of all. */
export function iso(ms: number): string {
  if (Number.isNaN(ms)) return iso(END_OF_TIME);
  return new Date(Math.max(-END_OF_TIME, Math.min(END_OF_TIME, Math.ceil(ms)))).toISOString();
}

/** A moment as people are told: `2026-11-21 03:00 UTC`. */
export function moment(ms: number): string {
  return `${iso(ms).slice(0, -8).replace('T', ' ')} UTC`;
}

/** A span as people are told, rounded to one unit: `40 minutes`, `3 hours`, `2 days`. */
export function span(ms: number): string {
  const [size, name]: [number, string] =
    ms >= 2 * DAY ? [DAY, 'day'] : ms >= 2 * HOUR ? [HOUR, 'hour'] : [MINUTE, 'minute'];
  const count = Math.round(ms / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/**
 * A moment that has been, by a clock that may have been wrong then: one in the future was written before the clock was
 * put back, so it cannot be later than the moment at which that was found. Else a clock that once was years ahead would
 * keep its host waiting for years.
 */
export function beenAt(ms: number, { now, jumpedAt }: { now: number; jumpedAt?: number | null }): number {
  return ms <= now ? ms : Math.min(now, jumpedAt ?? now);
}
