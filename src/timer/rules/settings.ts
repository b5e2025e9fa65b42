/** `extended-stable` and `dev` are tags, not channels of the timer: whoever parses takes the first as stable, and refuses the other. */
export type Channel = 'stable' | 'beta';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When a restart is welcome, on the wall clock of a place. */
export interface Window {
  /** The days on which it begins; null for every day. */
  days: Weekday[] | null;
  /** `HH:MM`, 00:00 to 23:59. */
  from: string;
  /** `HH:MM`, to 24:00, not included. At or before `from` it is on the next day, so the same time is a whole day. */
  to: string;
  /** A name of the time zone database, such as `Europe/Berlin`, or `UTC`. */
  timeZone: string;
}

/** What the owner of a host decides about automatic updates; `schedule` in `policy.json`. */
export interface Settings {
  channel: Channel;
  /** After publication, before any host takes a release. */
  delayHours: number;
  /** Hosts spread evenly over this after the delay: each by its own id and the version, the same at every run. */
  jitterHours: number;
  /** A release younger than this is never taken, whatever else is set. */
  minimumAgeHours: number;
  /** From the end of one change that restarted the gateway to the next automatic one. */
  minimumIntervalHours: number;
  /** How long the current release must have run verified, without a restart of its own, before another is put on it. */
  soakHours: number;
  /** Empty: always. */
  windows: Window[];
  /** How long the gateway must have been idle before the countdown. */
  idleMinutes: number;
  /** From the last announcement to the restart. */
  countdownSeconds: number;
  /** So long after the first announcement a busy gateway is not waited for any more; still only inside a window. */
  maxDeferHours: number;
  /** Versions that are never taken automatically. */
  skip: string[];
}

/**
 * Delay and jitter are from the tables of `npm run simulate`. A release that is taken back within a day is taken by nobody;
 * one that nobody notices before timers take it, by one host in eight within six hours. The registry's busiest minute has a
 * twenty-seventh of the requests. Longer ones would be safer, but OpenClaw publishes every other day, and they miss most of it.
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
