import type { Plot } from './plot.js';

/** One chapter of `npm run bench`: it measures, and says what it found. */
export interface Section {
  /** Name in its heading. */
  title: string;
  run(options: BenchOptions): Promise<Report>;
}

export interface BenchOptions {
  /** Count of measurements of each subject, in turn; a section may have a least number of its own. */
  rounds: number;
  /** An empty directory that is removed afterwards. */
  directory: string;
  /** Prints one line of progress, for a person who waits. */
  say(line: string): void;
  /** Another checkout, built, whose commands are measured beside these: `commands` heeds it. */
  beside?: string;
}

export interface Report {
  /** Subjects that were compared, and the way, in a sentence or two. */
  about: string;
  tables: Table[];
  targets: Target[];
  plots?: Plot[];
  /** Every single sample, for other summaries. */
  samples: unknown;
}

export interface Table {
  columns: string[];
  rows: (string | number)[][];
}

/** A promise that is kept when the ratio is at most its limit. Ratios are of medians, or of a p99, that were measured side by side. */
export interface Target {
  what: string;
  ratio: number;
  atMost: number;
}

/** The middle one; of an even number the upper of the two. NaN of none. */
export function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}

/** Lower quartile. NaN of none. */
export function quartile(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 4)] ?? Number.NaN;
}

/** Order of a round: it begins one further than that of the round before, so that nobody is always the first. */
export function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = round % Math.max(1, all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}

/** "median (least to most)". */
export function spread(all: readonly number[], digits = 0): string {
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return `${median(all).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
