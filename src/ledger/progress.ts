import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../core/record.js';
import type { Count, Moment } from '../core/scalars.js';
import type { Root } from '../store/root.js';
import type { StepName } from './plan.js';

/** Place of an active change in its step, as every face shows it. */
export interface Progress {
  step: StepName;
  /** Present work, for people. */
  text: string;
  done?: number;
  total?: number;
  /** Bytes fetched from the registry. */
  bytes?: Count;
  /** Mean since the step began to fetch. */
  bytesPerSecond?: Count;
  /** Milliseconds: until a wait ends in any case, else an estimate from what is done. */
  leftMs?: number;
}

/** `staging/<change>.progress`: for other processes; lost in a crash, and removed with the change's end. */
export interface ProgressRecord extends Progress {
  schema: 1;
  at: Moment;
}

/** Milliseconds between two records: readers look every second. */
const EVERY_MS = 1_000;

/** Shortest time of work that an estimate is made from. */
const MEASURED_MS = 2_000;

export const progressName = (change: string) => `${change}.progress`;

function progressPath(root: Root, change: string): string {
  return join(root.staging, progressName(change));
}

/** Null without a record, and for a corrupt one: it is written again within a second. */
export function readProgress(root: Root, change: string): Progress | null {
  const found = readRecord<ProgressRecord>(progressPath(root, change), 'progress');
  if (found.state !== 'ok') return null;
  const { schema, at, ...progress } = found.value;
  return progress;
}

/** Adds rate and time left to what a step reports, and keeps the newest for other processes. */
export class ProgressMeter {
  readonly #path: string;
  #step: StepName | null = null;
  #text = '';
  #textBegan = 0;
  #bytesBegan = 0;
  #written = Number.NEGATIVE_INFINITY;

  constructor(root: Root, change: string) {
    this.#path = progressPath(root, change);
  }

  measure(reported: Progress, now = performance.now()): Progress {
    const { step, text, done = 0, total, bytes, leftMs } = reported;
    if (step !== this.#step || text !== this.#text) this.#textBegan = now;
    if (step !== this.#step || !bytes) this.#bytesBegan = now;
    this.#step = step;
    this.#text = text;
    const [spent, fetching] = [now - this.#textBegan, now - this.#bytesBegan];
    const estimated = total && done > 0 && spent >= MEASURED_MS ? (spent * (total - done)) / done : undefined;
    const left = leftMs ?? estimated;
    const rate = bytes && fetching >= MEASURED_MS ? Math.round((bytes * 1000) / fetching) : undefined;
    const progress: Progress = {
      ...reported,
      ...(rate !== undefined && { bytesPerSecond: rate }),
      ...(left !== undefined && { leftMs: Math.max(0, Math.round(left)) }),
    };
    this.#keep(progress, now);
    return progress;
  }

  /** Not durable, and no failure of the change: nothing depends on it. */
  #keep(progress: Progress, now: number): void {
    if (now - this.#written < EVERY_MS) return;
    this.#written = now;
    const record: ProgressRecord = { schema: 1, at: new Date().toISOString(), ...progress };
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(record), { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch {}
  }
}
