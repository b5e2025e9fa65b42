import type { MaintenanceWindow, Schedule, Weekday } from '../../store/schedule.js';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type { MaintenanceWindow as Window, Weekday };

export type Settings = Required<Schedule>;

/** `extended-stable` and `dev` are tags, not channels of the timer: `channelOf` refuses both. */
export type Channel = Settings['channel'];

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
  drillDays: 0,
  scrubWithinDays: 30,
  windows: [],
  idleMinutes: 5,
  countdownSeconds: 60,
  maxDeferHours: 24,
  skip: [],
};
