/** Formats a time for people by the local clock, with its zone: `2026-11-26 02:38 +01:00`. Documents have ISO 8601. */
export function moment(at: string | number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : `${localTime(date)} ${zoneAt(date)}`;
}

/** Cells of a table's column, and its heading with the zone where they all share one. */
export function momentColumn(heading: string, times: string[]): string[] {
  const zones = new Set(times.map((at) => zoneAt(new Date(at))));
  if (zones.size !== 1) return [heading, ...times.map(moment)];
  return [`${heading} (${[...zones][0]})`, ...times.map((at) => localTime(new Date(at)))];
}

function localTime(date: Date): string {
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function zoneAt(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const away = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(away / 60))}:${two(away % 60)}`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}

const DATE = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Parses a date (00:00 of it) or a date with a time, by the local clock unless it names an offset; null for any other. */
export function parseDate(text: string): Date | null {
  const local = text.length === 'YYYY-MM-DD'.length ? `${text}T00:00` : text.replace(' ', 'T');
  const date = DATE.test(text) ? new Date(local) : null;
  return date === null || Number.isNaN(date.getTime()) ? null : date;
}
