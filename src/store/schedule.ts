import type { Name } from '../core/scalars.js';

/** @pattern ^\d\d:\d\d$ */
type TimeOfDay = string;

/**
 * @minimum 0
 * @maximum 87600
 */
type Amount = number;

export type Weekday = 'sun' | 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat';

export interface MaintenanceWindow {
  /** Days on which it begins; null for every day. */
  days: Weekday[] | null;
  /** `HH:MM`, 00:00 to 23:59. */
  from: TimeOfDay;
  /** `HH:MM`, up to 24:00, exclusive. At or before `from` means the next day; equal means a whole day. */
  to: TimeOfDay;
  /** IANA name such as `Europe/Berlin`, or `UTC`. */
  timeZone: string;
}

/** Absent settings have their default. */
export interface Schedule {
  channel?: 'stable' | 'beta';
  /** After publication, before any host takes a release. */
  delayHours?: Amount;
  /** Hosts spread evenly over this span after the delay, each at a fixed point by its id and the version. */
  jitterHours?: Amount;
  minimumAgeHours?: Amount;
  /** From the end of a change that restarted the gateway to the next automatic one. */
  minimumIntervalHours?: Amount;
  /** Time the current release must run, verified and without unexpected restart, before an update. */
  soakHours?: Amount;
  /** Days from one drill of the previous release to the next; 0 makes none. */
  drillDays?: Amount;
  /** Days within which all that is kept is compared with what it was; 0 compares nothing. */
  scrubWithinDays?: Amount;
  /** Empty: always. */
  windows?: MaintenanceWindow[];
  idleMinutes?: Amount;
  countdownSeconds?: Amount;
  /** Longest wait for a busy gateway after the first announcement; the restart still needs an open window. */
  maxDeferHours?: Amount;
  skip?: Name[];
}
