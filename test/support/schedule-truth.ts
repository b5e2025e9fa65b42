import type { Release } from './schedule-registry.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** One application by the timer, as it was when it was decided. */
export interface Applied {
  version: string;
  /** Time by the clock of the host. */
  at: number;
  before: Before;
}

/** Facts that the model itself knows of the host, told apart from what the decision was given. */
export interface Before {
  running: string;
  held: boolean;
  off: boolean;
  unwell: boolean;
  silent: boolean;
  pinned: boolean;
  /** Hours by a true clock, with those by which the host's was put forward meanwhile; infinite where there was none. */
  sinceChange: number;
  sinceProven: number;
  sinceRestart: number;
  quarantinedUntil: number;
  failuresInARow: number;
  /** Attempts at this release that failed before the gateway was touched, and hours since the last of them. */
  failedAttempts: number;
  sinceFailure: number;
  personWentBack: boolean;
  takenBefore: boolean;
  release: Release;
  takenBack: boolean;
}

/** A moment to count from: true time, and by how much the clock was put forward until then. */
export interface Mark {
  time: number;
  forward: number;
}

/** The time as it is, and what the clock of a host makes of it. Milliseconds since 1970. */
export class Time {
  /** Lead of the host's clock. */
  #ahead = 0;
  /** Sum by which it was ever put forward: time that it counts and that has not been. */
  #forward = 0;

  constructor(public real: number) {}

  /** Time by the host's clock. */
  get now(): number {
    return this.real + this.#ahead;
  }

  stamp(): string {
    return new Date(this.now).toISOString();
  }

  putForward(hours: number): void {
    this.#ahead += hours * HOUR;
    this.#forward += Math.max(0, hours * HOUR);
  }

  mark(): Mark {
    return { time: this.real, forward: this.#forward };
  }

  hoursSince(mark: Mark | null): number {
    if (mark === null) return Number.POSITIVE_INFINITY;
    return (this.real - mark.time + this.#forward - mark.forward) / HOUR;
  }
}
