import { moment } from '../../core/moment.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const END_OF_TIME = 8.64e15;

/** Milliseconds since 1970, or null when `text` is not a date. */
export function timeOf(text: string | null | undefined): number | null {
  if (typeof text !== 'string') return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

export function isMoment(ms: number): boolean {
  return Math.abs(ms) <= END_OF_TIME;
}

/** Returns ISO 8601. Clamps to the range of `Date`; NaN gives the end of it. */
export function iso(ms: number): string {
  if (Number.isNaN(ms)) return iso(END_OF_TIME);
  return new Date(Math.max(-END_OF_TIME, Math.min(END_OF_TIME, Math.ceil(ms)))).toISOString();
}

/** Text of a time that may be outside the range of `Date`. */
export function shown(ms: number): string {
  return moment(iso(ms));
}

/** Limits a past time that a wrong clock wrote in the future, which would else block the host for years. */
export function beenAt(ms: number, { now, jumpedAt }: { now: number; jumpedAt?: number | null }): number {
  return ms <= now ? ms : Math.min(now, jumpedAt ?? now);
}
