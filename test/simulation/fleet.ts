import { hash } from 'node:crypto';
import { jitterOf, nextRunJitter } from '../../src/core/jitter.js';
import type { Settings } from '../../src/timer/rules/settings.js';

/** All times here are hours after the first publication. */
export type Hours = number;

/** Settings that the simulation varies; the rest are the defaults. */
export type Pace = Pick<
  Settings,
  'delayHours' | 'jitterHours' | 'minimumAgeHours' | 'minimumIntervalHours' | 'soakHours'
>;

/** Many hosts, each with what its id decides: when in an hour its timer runs, and how far into the jitter it is. */
export class Fleet {
  readonly ids: string[];
  /** Moment in the hour at which the timer runs. */
  readonly phase: Float64Array;
  readonly #shares = new Map<string, Float64Array>();

  constructor(hosts: number) {
    this.ids = Array.from({ length: hosts }, (_, host) => installId(host));
    this.phase = Float64Array.from(this.ids, (id) => nextRunJitter(id, 3_600_000) / 3_600_000);
  }

  get size(): number {
    return this.ids.length;
  }

  /** Position of each host in the jitter of a version, in [0, 1). */
  shares(version: string): Float64Array {
    let shares = this.#shares.get(version);
    if (!shares) {
      shares = Float64Array.from(this.ids, (id) => jitterOf(id, version));
      this.#shares.set(version, shares);
    }
    return shares;
  }

  /** The first run of a host's timer that is not before a moment. */
  runAfter(host: number, moment: Hours): Hours {
    const phase = this.phase[host] ?? 0;
    return phase + Math.max(0, Math.ceil(moment - phase - 1e-9));
  }
}

/** Makes one as an installation does, but the same at every simulation. */
function installId(host: number): string {
  const hex = hash('sha256', `host ${host}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** One release and what became of it. */
export interface Release {
  version: string;
  at: Hours;
  /** Moment from which `latest` does not name it any more: it was taken back, or there is a newer one. */
  until: Hours;
  /** The share of hosts that roll it back. */
  fails: number;
}

/**
 * Times at which each host takes each release; NaN where it does not. Says in a few lines what the rules of `src/schedule/` come to
 * for a host that nobody touches; a test compares the two run by run.
 */
export function takes(fleet: Fleet, releases: Release[], pace: Pace): Float64Array[] {
  const free = new Float64Array(fleet.size).fill(Number.NEGATIVE_INFINITY);
  return releases.map(({ version, at, until, fails }) => {
    const shares = fleet.shares(version);
    const taken = new Float64Array(fleet.size).fill(Number.NaN);
    for (let host = 0; host < fleet.size; host++) {
      const delay = pace.delayHours + (shares[host] ?? 0) * pace.jitterHours;
      const turn = at + Math.max(pace.minimumAgeHours, delay);
      const run = fleet.runAfter(host, Math.max(turn, free[host] ?? 0));
      if (run >= until) continue;
      taken[host] = run;
      free[host] =
        run +
        (failsOn(host, fails)
          ? pace.minimumIntervalHours
          : Math.max(pace.minimumIntervalHours, pace.soakHours));
    }
    return taken;
  });
}

/** Hosts that are the same at every simulation, spread over the fleet. */
export function failsOn(host: number, share: number): boolean {
  return (host * 0.618033988749895) % 1 < share;
}
