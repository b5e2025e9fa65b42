import { WEEKDAYS, type Window } from './settings.js';
import { DAY, HOUR, MINUTE } from './time.js';
import { isTimeZone, offsetAt, stretches } from './zone.js';

export interface Opening {
  start: number;
  end: number;
}

const FARTHEST_OFFSET_MS = 15 * HOUR;

const FARTHEST_DATE_MS = 8.6e15;

export function whyNotWindow({ days, from, to, timeZone }: Window): string | null {
  if (!isTimeZone(timeZone)) return `${JSON.stringify(timeZone)} is not a time zone.`;
  for (const time of [from, to]) {
    const minutes = minutesOf(time);
    if (minutes === null || (time === from && minutes === 24 * 60))
      return `${JSON.stringify(time)} is not a time of the day.`;
  }
  if (days === null) return null;
  if (days.length === 0) return 'A window has no days, so it never opens.';
  const unknown = days.find((day) => !WEEKDAYS.includes(day));
  return unknown === undefined ? null : `${JSON.stringify(unknown)} is not a day of the week.`;
}

function minutesOf(time: string): number | null {
  const [, hours, minutes] = /^(\d\d):([0-5]\d)$/.exec(time) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  return total <= 24 * 60 ? total : null;
}

/**
 * Openings of the window that begins on this local day. Usually one; two when the clock goes back, since the window is
 * open in both passes of the repeated hour. A window inside the hour that the clock skips opens as if the clock had not
 * moved forward.
 * @param day midnight UTC of the date, in milliseconds
 */
function openingsOn({ from, to, timeZone }: Window, day: number): Opening[] {
  const begin = minutesOf(from) ?? 0;
  const length = ((minutesOf(to) ?? 0) - begin) * MINUTE;
  const wall = day + begin * MINUTE;
  const wallEnd = wall + (length > 0 ? length : length + DAY);
  const around = stretches(timeZone, wall - FARTHEST_OFFSET_MS, wallEnd + FARTHEST_OFFSET_MS);
  const openings = around.flatMap(({ start, end, offset }) => {
    const opening = { start: Math.max(start, wall - offset), end: Math.min(end, wallEnd - offset) };
    return opening.start < opening.end ? [opening] : [];
  });
  if (openings.length > 0) return openings;
  const before = around.findLast(({ end, offset }) => end + offset <= wall);
  return before ? [{ start: wall - before.offset, end: wallEnd - before.offset }] : [];
}

function openingsAround(window: Window, ms: number): Opening[] {
  if (!(Math.abs(ms) < FARTHEST_DATE_MS)) return [];
  const today = Math.floor((ms + offsetAt(window.timeZone, ms)) / DAY) * DAY;
  const openings: Opening[] = [];
  for (let ahead = -2; ahead <= 8; ahead++) {
    const day = today + ahead * DAY;
    const name = WEEKDAYS[new Date(day).getUTCDay()];
    if (window.days && !(name && window.days.includes(name))) continue;
    openings.push(...openingsOn(window, day));
  }
  return openings;
}

/** Openings in the days around `ms`, each joined with those that follow without a gap. */
function joinedAround(windows: Window[], ms: number): Opening[] {
  const openings = windows.flatMap((window) => openingsAround(window, ms)).sort((a, b) => a.start - b.start);
  const joined: Opening[] = [];
  for (const { start, end } of openings) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** Opening that contains `ms`; always open when there are no windows. */
export function openingAt(windows: Window[], ms: number): Opening | null {
  if (windows.length === 0) return { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY };
  return joinedAround(windows, ms).find(({ start, end }) => start <= ms && ms < end) ?? null;
}

/** Milliseconds of the shortest opening that begins in the week after `ms`; without end for no windows. */
export function shortestOpening(windows: Window[], ms: number): number {
  const begins = joinedAround(windows, ms).filter(({ start }) => start >= ms && start < ms + 7 * DAY);
  return Math.min(...begins.map(({ start, end }) => end - start));
}

/** First time, not before `ms`, at which a window is open, or null. Expects valid windows (`whyNotWindow`). */
export function nextOpening(windows: Window[], ms: number): number | null {
  if (windows.length === 0) return ms;
  const moments = windows
    .flatMap((window) => openingsAround(window, ms))
    .filter(({ end }) => end > ms)
    .map(({ start }) => Math.max(start, ms));
  return moments.length > 0 ? Math.min(...moments) : null;
}
