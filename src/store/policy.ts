import { lstatSync } from 'node:fs';
import type { ErrorRecord } from '../core/errors.js';
import { type RecordResult, readRecord, recordText } from '../core/record.js';
import type { Count, Moment, Name } from '../core/scalars.js';
import { writeFileDurably } from '../host/durable.js';
import { moveAside, wasMovedAside } from './move-aside.js';
import type { Root } from './root.js';

/** Record of failures: the release is not installed again unless the operator names it. */
export interface Quarantine {
  cause: ErrorRecord;
  change: string;
  at: Moment;
  /** Failures so far, each counted half after every half-life; 1 when absent. */
  points?: number;
}

/** Half-life of a failure. Hosts and configurations change, so no release is quarantined for ever. */
const HALF_LIFE_MS = 7 * 24 * 60 * 60_000;

/** Stops updates by the timer and by tag. An update that names a version still runs. */
export interface Hold {
  /** Null until the operator lifts it. */
  until: Moment | null;
  at: Moment;
  why: string | null;
}

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

/** Ways in which dependencies may be shared: as clones, else as further names of a file; as clones; not at all. */
export type Share = 'auto' | 'reflink' | 'none';

export interface Retention {
  releases?: Count;
  /** Bytes of releases and their snapshots; shared blocks count fully. */
  bytes?: Count;
  leaveFree?: Count;
  share?: Share;
}

/** Default in bytes: room for the gateway's own state, logs and databases. */
export const LEAVE_FREE_BYTES = 256 * 2 ** 20;

/** Receiver of verdicts. */
export interface Notify {
  /** Absolute path of a program, or an address, which may be secret. */
  target: string;
  /** Earlier verdicts are not told. */
  since: Moment;
}

export const SIGNATURES = ['wanted', 'required'] as const;

/** `wanted` accepts a pack without a signature; a signature by an unknown key is never accepted where keys are known. */
export type Signatures = (typeof SIGNATURES)[number];

/** `policy.json`: decisions of the operator and recorded failures. */
export interface Policy {
  schema: 1;
  /** Never pruned, and not left by an update that names no version. */
  pins: Name[];
  quarantine: Record<string, Quarantine>;
  hold?: Hold | null;
  schedule?: Schedule;
  retention?: Retention;
  notify?: Notify | null;
  /** Demand for signatures of packs and of lists of yanked releases; `wanted` when absent. */
  signatures?: Signatures;
  /** Time of the last `unhold`. The timer ignores failures before it. */
  breakerResetAt?: Moment;
}

export function tryReadPolicy(root: Root): RecordResult<Policy> {
  return readRecord(root.policy, 'policy');
}

/**
 * Returns the policy; a corrupt file counts as empty. Where signers are kept, the lost file may have demanded signatures,
 * so that they are demanded until the operator decides again.
 */
export function readPolicy(root: Root): Policy {
  const found = tryReadPolicy(root);
  if (found.state === 'ok') return found.value;
  const isLost = found.state === 'corrupt' || wasMovedAside(root, root.policy);
  const hasSigners = lstatSync(root.signers, { throwIfNoEntry: false }) !== undefined;
  return {
    schema: 1,
    pins: [],
    quarantine: {},
    ...(isLost && hasSigners && { signatures: 'required' }),
  };
}

function update(root: Root, edit: (policy: Policy) => void): Policy {
  const found = tryReadPolicy(root);
  // The file may have become corrupt since the lock was taken, and its content must not be overwritten.
  if (found.state === 'corrupt') moveAside(root, root.policy, found.why);
  const policy = readPolicy(root);
  edit(policy);
  writeFileDurably(root.policy, recordText(policy), 0o600);
  return policy;
}

export function pin(root: Root, id: string): Policy {
  return update(root, (policy) => {
    policy.pins = [...new Set([...policy.pins, id])].sort();
  });
}

export function unpin(root: Root, id: string): Policy {
  return update(root, (policy) => {
    policy.pins = policy.pins.filter((other) => other !== id);
  });
}

export function hold(root: Root, until: Hold): Policy {
  return update(root, (policy) => {
    policy.hold = until;
  });
}

/** Lifts a hold; the timer forgets earlier failures in a row. */
export function unhold(root: Root, at = new Date()): Policy {
  return update(root, (policy) => {
    policy.hold = null;
    policy.breakerResetAt = at.toISOString();
  });
}

export function setNotify(root: Root, target: string | null | undefined, at = new Date()): Policy {
  return update(root, (policy) => {
    policy.notify = target ? { target, since: at.toISOString() } : null;
  });
}

export function setSignatures(root: Root, signatures: Signatures): Policy {
  return update(root, (policy) => {
    policy.signatures = signatures;
  });
}

/** Settings to change; `undefined` returns one to its default. */
type Changes<T> = { [K in keyof T]: T[K] | undefined };

export function setSchedule(root: Root, changes: Changes<Schedule>): Policy {
  return update(root, (policy) => {
    policy.schedule = changed(policy.schedule, changes);
  });
}

export function setRetention(root: Root, changes: Changes<Retention>): Policy {
  return update(root, (policy) => {
    policy.retention = changed(policy.retention, changes);
  });
}

function changed<T>(settings: T | undefined, changes: Changes<T>): T {
  const kept = Object.entries({ ...settings, ...changes }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as T;
}

export function holdOf({ hold: held }: Policy, now = Date.now()): Hold | null {
  if (!held) return null;
  return held.until === null || Date.parse(held.until) > now ? held : null;
}

export function quarantine(root: Root, id: string, failure: Omit<Quarantine, 'points'>): Policy {
  return update(root, (policy) => {
    const before = policy.quarantine[id];
    const points = 1 + (before ? pointsAt(before, Date.parse(failure.at)) : 0);
    policy.quarantine[id] = { ...failure, points };
  });
}

function pointsAt({ points = 1, at }: Quarantine, now: number): number {
  return points * 0.5 ** (Math.max(0, now - Date.parse(at)) / HALF_LIFE_MS);
}

/** Time when half a failure is left: one failure lasts one half-life, two in a row last two. */
export function quarantineEnd({ points = 1, at }: Quarantine): Date {
  return new Date(Date.parse(at) + HALF_LIFE_MS * (1 + Math.log2(points)));
}

export function quarantineOf(policy: Policy, id: string, now = Date.now()): Quarantine | null {
  const entry = policy.quarantine[id];
  return entry && quarantineEnd(entry).getTime() > now ? entry : null;
}

/** Ends the quarantine of a release that was verified since. */
export function clearQuarantine(root: Root, id: string): void {
  if (!(id in readPolicy(root).quarantine)) return;
  update(root, (policy) => {
    delete policy.quarantine[id];
  });
}
