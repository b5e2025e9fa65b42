import type { Plot } from './plot.js';

/** One chapter of `npm run bench`: it measures, and says what it found. */
export interface Section {
  /** As in its heading. */
  title: string;
  run(options: BenchOptions): Promise<Report>;
}

export interface BenchOptions {
  /** How often each of the compared is measured, in turn; a section may have a least number of its own. */
  rounds: number;
  /** An empty directory that is removed afterwards. */
  directory: string;
  /** One line on how far it has come, for who waits. */
  say(line: string): void;
}

export interface Report {
  /** What was compared with what, and how, in a sentence or two. */
  about: string;
  tables: Table[];
  targets: Target[];
  plots?: Plot[];
  /** Every single sample, so that another summary can be made of it. */
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

/** Nobody is always the first: the order of a round begins one further than that of the round before. */
export function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = round % Math.max(1, all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}

/** "median (least to most)". */
export function spread(all: readonly number[], digits = 0): string {
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return `${median(all).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
