const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

export type DurationUnit = keyof typeof UNITS;

/** Formats milliseconds in at most two units: `16.7 s`, `3 min 40 s`, `1 day 12 h`. */
export function duration(ms: number): string {
  const tenths = Math.round(Math.max(0, ms) / 100) / 10;
  if (tenths < 60) return `${Number.isInteger(tenths) ? tenths : tenths.toFixed(1)} s`;
  const seconds = Math.round(ms / UNITS.s);
  if (seconds < 3600) return joined(seconds, 60, 'min', 's');
  const minutes = Math.round(ms / UNITS.m);
  if (minutes < 1440) return joined(minutes, 60, 'h', 'min');
  const hours = Math.round(ms / UNITS.h);
  return joined(hours, 24, hours < 48 ? 'day' : 'days', 'h');
}

function joined(count: number, size: number, large: string, small: string): string {
  const rest = count % size;
  return `${Math.floor(count / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** Parses `90`, `30s`, `1.5h`, `2d` or `1w` to milliseconds; null for any other text. @param unit of a bare number */
export function parseDuration(text: string, unit: DurationUnit | null): number | null {
  const [, count, given = unit] = /^(\d{1,7}(?:\.\d+)?)\s*([smhdw])?$/.exec(text.trim()) ?? [];
  return count === undefined || given === null ? null : Number(count) * UNITS[given as DurationUnit];
}
