import type { ErrorRecord } from '../core/errors.js';
import { type Reading, readRecord } from '../core/record.js';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from './root.js';
import { setAside } from './set-aside.js';

/** Why a release is not taken again unless a person names it. */
export interface Quarantine {
  cause: ErrorRecord;
  change: string;
  /** ISO 8601. */
  at: string;
  /** Failures so far, where each one counts half after every half-life. */
  points: number;
}

/** After this a failure counts half: hosts, configurations and the world change, so nothing is held against a release for ever. */
const HALF_LIFE_MS = 7 * 24 * 60 * 60_000;

/** While it lasts nothing is updated that nobody asked for by name: no timer, and no tag. */
export interface Hold {
  /** ISO 8601; null for until somebody lifts it. */
  until: string | null;
  /** ISO 8601. */
  at: string;
  why: string | null;
}

export interface MaintenanceWindow {
  /** The days on which it begins, `mon` to `sun`; null for every day. */
  days: string[] | null;
  /** `HH:MM` on the wall clock of the time zone. */
  from: string;
  to: string;
  timeZone: string;
}

/** What an operator has set for automatic updates; what is absent has its default. Hours, minutes and seconds as named. */
export interface Schedule {
  channel?: 'stable' | 'beta';
  delayHours?: number;
  jitterHours?: number;
  minimumAgeHours?: number;
  minimumIntervalHours?: number;
  soakHours?: number;
  windows?: MaintenanceWindow[];
  idleMinutes?: number;
  countdownSeconds?: number;
  maxDeferHours?: number;
  skip?: string[];
}

/** What an operator has set for how much is kept; what is absent has its default. */
export interface Retention {
  /** How many of the newest, whether anything needs them or not. */
  releases?: number;
  /** Of releases, and of the copies of the state that are kept for them, whether they share blocks or not. */
  bytes?: number;
  /** Bytes that staging leaves free on the filesystem. */
  leaveFree?: number;
}

/** Bytes that staging leaves free for the gateway's own state, logs and databases, where nothing else is set. */
export const LEAVE_FREE_BYTES = 256 * 2 ** 20;

/** `policy.json`: what people and failures have decided about releases. */
export interface Policy {
  schema: 1;
  /** Never collected, and not left by an update that names no version. */
  pins: string[];
  quarantine: Record<string, Quarantine>;
  hold?: Hold | null;
  schedule?: Schedule;
  retention?: Retention;
  /** When a person last lifted a hold, or said so without one; ISO 8601. Failures of before stop no timer any more. */
  breakerResetAt?: string;
}

/** One look at the policy; see `readRecord`. */
export function tryReadPolicy(root: Root): Reading<Policy> {
  return readRecord(root.policy, 'policy');
}

/** The policy; a file that cannot be understood says nothing. */
export function readPolicy(root: Root): Policy {
  const found = tryReadPolicy(root);
  return found.state === 'read' ? found.value : { schema: 1, pins: [], quarantine: {} };
}

function update(root: Root, edit: (policy: Policy) => void): Policy {
  const found = tryReadPolicy(root);
  // It may have become so since the lock was taken; what is in it must not be written over.
  if (found.state === 'corrupt') setAside(root, root.policy, found.why);
  const policy = readPolicy(root);
  edit(policy);
  writeFileDurably(root.policy, `${JSON.stringify(policy, null, 2)}\n`, 0o600);
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

/** Holds automatic updates, and those that name no version. */
export function hold(root: Root, until: Hold): Policy {
  return update(root, (policy) => {
    policy.hold = until;
  });
}

/** Lifts a hold, and has the timer begin anew after failures in a row. */
export function unhold(root: Root, at = new Date()): Policy {
  return update(root, (policy) => {
    policy.hold = null;
    policy.breakerResetAt = at.toISOString();
  });
}

/** Changes what is set for automatic updates; a setting that is undefined gets its default again. */
export function setSchedule(root: Root, changes: { [K in keyof Schedule]: Schedule[K] | undefined }): Policy {
  return update(root, (policy) => {
    const kept = Object.entries({ ...policy.schedule, ...changes }).filter(
      ([, value]) => value !== undefined,
    );
    policy.schedule = Object.fromEntries(kept);
  });
}

/** Changes how much is kept; what is undefined gets its default again. */
export function setRetention(
  root: Root,
  changes: { [K in keyof Retention]: Retention[K] | undefined },
): Policy {
  return update(root, (policy) => {
    const kept = Object.entries({ ...policy.retention, ...changes }).filter(
      ([, value]) => value !== undefined,
    );
    policy.retention = Object.fromEntries(kept);
  });
}

/** The hold at this moment; one that is over is none. */
export function holdOf({ hold: held }: Policy, now = Date.now()): Hold | null {
  if (!held) return null;
  return held.until === null || Date.parse(held.until) > now ? held : null;
}

/** Counts one more failure against a release. */
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

/** When less than half a failure is left of it: one failure lasts a half-life, two in a row two. */
export function quarantineEnd({ points = 1, at }: Quarantine): Date {
  return new Date(Date.parse(at) + HALF_LIFE_MS * (1 + Math.log2(points)));
}

/** Why a release is in quarantine at this moment, or null when it is not. */
export function quarantineOf(policy: Policy, id: string, now = Date.now()): Quarantine | null {
  const entry = policy.quarantine[id];
  return entry && quarantineEnd(entry).getTime() > now ? entry : null;
}

/** A release that has since been verified is not in quarantine any more. */
export function absolve(root: Root, id: string): void {
  if (!(id in readPolicy(root).quarantine)) return;
  update(root, (policy) => {
    delete policy.quarantine[id];
  });
}
