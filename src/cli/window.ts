import { InvalidArgumentError } from 'commander';
import { WEEKDAYS, type Weekday, type Window } from '../timer/rules/settings.js';
import { whyNotWindow } from '../timer/rules/window.js';

const FROM_MONDAY: Weekday[] = [...WEEKDAYS.slice(1), 'sun'];
const WINDOW = /^(?:(?<days>[a-z,-]+)\s+)?(?<from>\d\d?:\d\d)\s*-\s*(?<to>\d\d?:\d\d)$/i;

/** A window without its time zone: `02:00-05:00`, `Sat,Sun 01:00-07:00`, `Mon-Fri 22:00-04:00`. */
export type WallWindow = Omit<Window, 'timeZone'>;

export function parseWindow(text: string): WallWindow {
  const { days, from, to } = WINDOW.exec(text.trim())?.groups ?? {};
  if (from === undefined || to === undefined)
    throw new InvalidArgumentError('Not a window such as "Mon-Fri 02:00-05:00" or "22:00-04:00".');
  const window = {
    days: days === undefined ? null : days.toLowerCase().split(',').flatMap(parseDays),
    ...{ from: from.padStart(5, '0'), to: to.padStart(5, '0') },
  };
  const why = whyNotWindow({ ...window, timeZone: 'UTC' });
  if (why !== null) throw new InvalidArgumentError(why);
  return window;
}

/** Parses `sat`, or `fri-mon`, which crosses the end of the week. */
function parseDays(text: string): Weekday[] {
  const [first, last = first, ...rest] = text.split('-').map((name) => dayNamed(name));
  if (first === undefined || last === undefined || rest.length > 0) return [dayNamed(text)];
  const span = (FROM_MONDAY.indexOf(last) - FROM_MONDAY.indexOf(first) + 7) % 7;
  return Array.from({ length: span + 1 }, (_, at) => dayAt(FROM_MONDAY.indexOf(first) + at));
}

function dayAt(index: number): Weekday {
  return FROM_MONDAY[index % 7] ?? 'mon';
}

function dayNamed(name: string): Weekday {
  const day = FROM_MONDAY.find((known) => name.length >= 3 && FULL[known].startsWith(name));
  if (day === undefined) throw new InvalidArgumentError(`${JSON.stringify(name)} is not a day of the week.`);
  return day;
}

const FULL: Record<Weekday, string> = {
  ...{ mon: 'monday', tue: 'tuesday', wed: 'wednesday', thu: 'thursday' },
  ...{ fri: 'friday', sat: 'saturday', sun: 'sunday' },
};

export function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
