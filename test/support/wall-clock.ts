import { WEEKDAYS, type Window } from '../../src/timer/rules/settings.js';

const MINUTE = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a zone, as if it were UTC: milliseconds. Read off whole, while the code under test asks for offsets. */
export function wallClock(timeZone: string, ms: number): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(timeZone, format);
  }
  return Date.parse(`${format.format(ms).replace(' ', 'T')}Z`);
}

/**
 * Tells whether a window is open at a moment, found out minute by minute: the wall clock lies in it. Where a window has no such
 * minute on a day, the clock having gone over all of it, time is counted on from the last minute before it.
 */
export function isOpenSlowly(window: Window, ms: number): boolean {
  const wall = wallClock(window.timeZone, ms);
  if (isInside(window, wall)) return true;
  // The wall clock may have been put forward in the last hours: what would it say had it not been?
  const longest = 26 * 60;
  if (wallClock(window.timeZone, ms - longest * MINUTE) + longest * MINUTE >= wall) return false;
  for (let back = 1; back <= longest; back++) {
    const earlier = ms - back * MINUTE;
    const unmoved = wallClock(window.timeZone, earlier) + back * MINUTE;
    if (unmoved >= wall) continue;
    const begin = beginOf(window, unmoved);
    if (begin === null) continue;
    return !seenOn(window, begin, ms);
  }
  return false;
}

/** Tells whether the wall clock shows any minute of the window that begins at `begin` (wall clock), around a moment. */
function seenOn(window: Window, begin: number, ms: number): boolean {
  const end = begin + lengthOf(window);
  for (let at = ms - 27 * 60 * MINUTE; at <= ms + 27 * 60 * MINUTE; at += MINUTE) {
    const wall = wallClock(window.timeZone, at);
    if (begin <= wall && wall < end) return true;
  }
  return false;
}

function isInside(window: Window, wall: number): boolean {
  return beginOf(window, wall) !== null;
}

/** The beginning (wall clock) of the window that a time of the wall clock lies in, or null. */
function beginOf(window: Window, wall: number): number | null {
  const date = new Date(wall);
  for (const ahead of [0, -1]) {
    const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + ahead);
    const begin = midnight + minutes(window.from) * MINUTE;
    const day = WEEKDAYS[new Date(midnight).getUTCDay()];
    const isDay = window.days === null || window.days.some((one) => one === day);
    if (isDay && begin <= wall && wall < begin + lengthOf(window)) return begin;
  }
  return null;
}

function lengthOf({ from, to }: Window): number {
  const length = minutes(to) - minutes(from);
  return (length > 0 ? length : length + 24 * 60) * MINUTE;
}

function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
