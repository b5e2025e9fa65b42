import { type Fleet, failsOn, type Hours, type Pace, type Release, takes } from './fleet.js';
import { quantiles } from './statistics.js';

const DAY = 24;
/** The fleet has long come to rest when the bad one is published, at any pace. */
export const BAD_AT = 14 * DAY;
/** Hours from taking back a bad release to publishing a fixed one. */
const MENDED_AFTER = 6;
export const END = 40 * DAY;

export interface Registry {
  mean: number;
  p99: number;
  max: number;
}

export interface Ending {
  /** The share of hosts that took the bad release. */
  took: number;
  /** The share that rolled it back. */
  hurt: number;
  /** Hours from the publication of the fixed release until half, most and nearly all have it. */
  repaired: { half: Hours; most: Hours; nearlyAll: Hours };
}

/** Requests of a good release to the registry, and the time until it reaches the fleet. */
export interface GoodRelease {
  requestsPerMinute: Registry;
  half: Hours;
  most: Hours;
  nearlyAll: Hours;
}

/**
 * A good release, from its publication on until everyone has it.
 * @param requests that one installation makes
 */
export function goodRelease(fleet: Fleet, pace: Pace, requests: number): GoodRelease {
  const [taken = new Float64Array()] = takes(
    fleet,
    [{ version: '2026.1.1', at: 0, until: END, fails: 0 }],
    pace,
  );
  return { requestsPerMinute: load(fleet, taken, requests), ...reached(taken, 0) };
}

/** Every timer asks once an hour; who takes the release asks for all its packages in that minute. */
function load(fleet: Fleet, taken: Float64Array, requests: number): Registry {
  const asking = new Float64Array(60);
  for (const phase of fleet.phase) addTo(asking, Math.floor(phase * 60), 1);
  const minutes = Float64Array.from({ length: 12 * DAY * 60 }, (_, minute) => asking[minute % 60] ?? 0);
  for (const at of taken) addTo(minutes, Math.floor(at * 60), requests);
  const mean = minutes.reduce((sum, one) => sum + one, 0) / minutes.length;
  const [p99 = 0, max = 0] = quantiles(minutes, 0.99, 1);
  return { mean, p99, max };
}

function addTo(counts: Float64Array, at: number, count: number): void {
  if (at < counts.length) counts[at] = (counts[at] ?? 0) + count;
}

function reached(taken: Float64Array, since: Hours): { half: Hours; most: Hours; nearlyAll: Hours } {
  const after = taken.map((at) => (Number.isNaN(at) ? Number.POSITIVE_INFINITY : at - since));
  const [half = 0, most = 0, nearlyAll = 0] = quantiles(after, 0.5, 0.9, 0.99);
  return { half, most, nearlyAll };
}

/** Rule for taking back a bad release: so long after its publication, or after the first rollback on a host that no person looked after. */
export type Withdrawal = { afterPublication: Hours } | { afterFirstFailure: Hours };

/** A bad release, taken back, and the fixed one. Hosts share no signal but the registry's. */
export function badRelease(fleet: Fleet, pace: Pace, fails: number, withdrawal: Withdrawal): Ending {
  const withdrawnAt =
    'afterPublication' in withdrawal
      ? BAD_AT + withdrawal.afterPublication
      : firstFailure(fleet, pace, fails) + withdrawal.afterFirstFailure;
  const mendedAt = withdrawnAt + MENDED_AFTER;
  const [, bad, repaired] = takes(fleet, story(fails, withdrawnAt, mendedAt), pace);
  if (!bad || !repaired) throw new Error('The story has three releases.');
  const took = bad.reduce((sum, at) => sum + (Number.isNaN(at) ? 0 : 1), 0);
  const hurt = bad.reduce((sum, at, host) => sum + (Number.isNaN(at) || !failsOn(host, fails) ? 0 : 1), 0);
  return { took: took / fleet.size, hurt: hurt / fleet.size, repaired: reached(repaired, mendedAt) };
}

function firstFailure(fleet: Fleet, pace: Pace, fails: number): Hours {
  const [, bad] = takes(fleet, story(fails, END, END), pace);
  const failures = bad?.filter((at, host) => !Number.isNaN(at) && failsOn(host, fails)) ?? new Float64Array();
  return failures.reduce((first, at) => Math.min(first, at), END);
}

/** A good release, a bad one, and the fixed one. */
export function story(fails: number, withdrawnAt: Hours, mendedAt: Hours): Release[] {
  return [
    { version: '2026.1.1', at: 0, until: BAD_AT, fails: 0 },
    { version: '2026.1.2', at: BAD_AT, until: withdrawnAt, fails },
    { version: '2026.1.3', at: mendedAt, until: END, fails: 0 },
  ];
}

/** Releases of OpenClaw one after the other, as the registry dates them: who waits longer than until the next one never takes one. */
export const PUBLISHED: [version: string, at: string][] = [
  ['2026.8.1', '2026-08-31T14:30Z'],
  ['2026.8.2', '2026-09-01T22:07Z'],
  ['2026.9.1', '2026-09-04T01:25Z'],
  ['2026.9.2', '2026-09-05T23:02Z'],
  ['2026.9.3', '2026-09-08T20:33Z'],
  ['2026.9.4', '2026-09-11T03:44Z'],
  ['2026.9.5', '2026-09-19T14:54Z'],
  ['2026.9.6', '2026-09-24T22:17Z'],
];
/** Those of these that came quickly one after the other. */
const BUSY = 6;

export interface KeepingUp {
  /** Mean number of the six releases of the eleven busy days that a host took. */
  taken: number;
  /** The share of hosts that took none of the first five; the sixth is followed by a pause, in which everyone comes to rest. */
  none: number;
  /** Mean number of releases that hosts were behind, over hosts and over those days. */
  behind: number;
}

/** Measures how a fleet keeps up with releases that follow each other as they really did. */
export function keepingUp(fleet: Fleet, pace: Pace): KeepingUp {
  const begin = Date.parse(PUBLISHED[0]?.[1] ?? '');
  const at = PUBLISHED.map(([, text]) => (Date.parse(text) - begin) / 3_600_000);
  const end = at[BUSY - 1] ?? 0;
  const releases = PUBLISHED.slice(0, BUSY).map(([version], index): Release => {
    return { version, at: at[index] ?? 0, until: at[index + 1] ?? END, fails: 0 };
  });
  const taken = takes(fleet, releases, pace);
  let [count, none, behind] = [0, 0, 0];
  for (let host = 0; host < fleet.size; host++) {
    let took = 0;
    let early = 0;
    let runs = 0;
    let since = 0;
    for (const [index, { until }] of releases.entries()) {
      const run = taken[index]?.[host] ?? Number.NaN;
      const stop = Math.min(until, end);
      if (!Number.isNaN(run)) took++;
      if (!Number.isNaN(run) && index < BUSY - 1) early++;
      const switched = Math.min(Number.isNaN(run) ? stop : run, stop);
      behind += (index + 1 - runs) * Math.max(0, switched - since);
      if (!Number.isNaN(run)) runs = index + 1;
      behind += (index + 1 - runs) * Math.max(0, stop - switched);
      since = stop;
    }
    count += took;
    if (early === 0) none++;
  }
  return { taken: count / fleet.size, none: none / fleet.size, behind: behind / end / fleet.size };
}
