import { lstatSync } from 'node:fs';
import type { ErrorRecord } from '../core/errors.js';
import { type RecordResult, readRecord, recordText } from '../core/record.js';
import type { Count, Moment, Name } from '../core/scalars.js';
import { writeFileDurably } from '../host/durable.js';
import { moveAside, wasMovedAside } from './move-aside.js';
import type { Root } from './root.js';
import type { Schedule } from './schedule.js';

/** Record of failures: the release is not installed again unless the operator names it. */
export interface Quarantine {
  cause: ErrorRecord;
  change: string;
  at: Moment;
  /** Failures so far, each counted half after every half-life; 1 when absent. */
  points?: number;
}

/** Stops updates by the timer and by tag. An update that names a version still runs. */
export interface Hold {
  /** Null until the operator lifts it. */
  until: Moment | null;
  at: Moment;
  why: string | null;
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

/** Changes the policy; the caller holds the lock of the root. */
export function updatePolicy(root: Root, edit: (policy: Policy) => void): Policy {
  const found = tryReadPolicy(root);
  // The file may have become corrupt since the lock was taken, and its content must not be overwritten.
  if (found.state === 'corrupt') moveAside(root, root.policy, found.why);
  const policy = readPolicy(root);
  edit(policy);
  writeFileDurably(root.policy, recordText(policy), 0o600);
  return policy;
}

export function pin(root: Root, id: string): Policy {
  return updatePolicy(root, (policy) => {
    policy.pins = [...new Set([...policy.pins, id])].sort();
  });
}

export function unpin(root: Root, id: string): Policy {
  return updatePolicy(root, (policy) => {
    policy.pins = policy.pins.filter((other) => other !== id);
  });
}

export function hold(root: Root, until: Hold): Policy {
  return updatePolicy(root, (policy) => {
    policy.hold = until;
  });
}

/** Lifts a hold; the timer forgets earlier failures in a row. */
export function unhold(root: Root, at = new Date()): Policy {
  return updatePolicy(root, (policy) => {
    policy.hold = null;
    policy.breakerResetAt = at.toISOString();
  });
}

export function setNotify(root: Root, target: string | null | undefined, at = new Date()): Policy {
  return updatePolicy(root, (policy) => {
    policy.notify = target ? { target, since: at.toISOString() } : null;
  });
}

export function setSignatures(root: Root, signatures: Signatures): Policy {
  return updatePolicy(root, (policy) => {
    policy.signatures = signatures;
  });
}

/** Settings to change; `undefined` returns one to its default. */
type Changes<T> = { [K in keyof T]: T[K] | undefined };

export function setSchedule(root: Root, changes: Changes<Schedule>): Policy {
  return updatePolicy(root, (policy) => {
    policy.schedule = changed(policy.schedule, changes);
  });
}

export function setRetention(root: Root, changes: Changes<Retention>): Policy {
  return updatePolicy(root, (policy) => {
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
