import type { MaintenanceWindow, Weekday } from '../../store/policy.js';

/** `extended-stable` and `dev` are tags, not channels of the timer: `channelOf` refuses both. */
export type Channel = 'stable' | 'beta';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type { MaintenanceWindow as Window, Weekday };

/** `schedule` in `policy.json`. */
export interface Settings {
  channel: Channel;
  /** After publication, before any host takes a release. */
  delayHours: number;
  /** Hosts spread evenly over this span after the delay, each at a fixed point by its id and the version. */
  jitterHours: number;
  minimumAgeHours: number;
  /** From the end of a change that restarted the gateway to the next automatic one. */
  minimumIntervalHours: number;
  /** Time the current release must run, verified and without unexpected restart, before an update. */
  soakHours: number;
  /** Empty: always. */
  windows: MaintenanceWindow[];
  idleMinutes: number;
  countdownSeconds: number;
  /** Longest wait for a busy gateway after the first announcement; the restart still needs an open window. */
  maxDeferHours: number;
  skip: string[];
}

/**
 * Delay and jitter come from the tables of `npm run simulate`. No host takes a release that is deprecated within a day;
 * one host in eight takes a bad release that is noticed only then, within six hours. The registry's busiest minute has
 * 1/27 of the requests. Longer values are safer, but OpenClaw publishes every other day and hosts would miss most
 * releases.
 */
export const DEFAULTS: Settings = {
  channel: 'stable',
  delayHours: 24,
  jitterHours: 48,
  minimumAgeHours: 12,
  minimumIntervalHours: 24,
  soakHours: 24,
  windows: [],
  idleMinutes: 5,
  countdownSeconds: 60,
  maxDeferHours: 24,
  skip: [],
};
