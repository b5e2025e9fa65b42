import { randomUUID } from 'node:crypto';
import type { ErrorRecord } from '../core/errors.js';
import { type RecordResult, readRecord, recordText } from '../core/record.js';
import type { Count, Integer, Moment, Name, ReleaseVersion } from '../core/scalars.js';
import { writeFileDurably } from '../host/durable.js';
import { moveAside } from './move-aside.js';
import type { Root } from './root.js';

export interface KnownRegistry {
  tags: Record<string, string>;
  /** Versions that a tag names or named; `at` is ISO 8601, empty when unknown. */
  versions: { version: string; at: string; deprecated: string | null }[];
  /** By the clock of this host; `saidAt` is by that of the registry, if it sends one. */
  askedAt: Moment;
  saidAt: Moment | null;
  etag: string | null;
  /** Version for which the full document was fetched, because the short one has no times. */
  wholeFor: string | null;
}

/** Needs of an update to the newest release, as `check` last found them. */
export interface UpdateNeeds {
  node: { version: Name; kind: 'root' | 'host' | 'registry' } | null;
  fetchBytes: Count;
  /** Null where no rule tells. */
  rollbackNeedsState: boolean | null;
}

export interface NewestRelease {
  version: ReleaseVersion;
  publishedAt: Moment | null;
  askedAt: Moment;
  needs?: UpdateNeeds | null;
}

export interface RegistryTrouble {
  failures: Count;
  error: ErrorRecord;
  since: Moment;
  retryAt: Moment;
}

export interface PastDecision {
  /** Last time of equal decisions in a row. */
  at: Moment;
  /** First time of them, if there was more than one. */
  since?: Moment;
  verdict: 'update' | 'wait' | 'no';
  version: string | null;
  /** Null for an update. */
  rule: string | null;
  reason: string;
  until: string | null;
  change?: string;
  status?: string | null;
}

/** Restart count of the gateway, to detect unexpected restarts: supervisors only count them. */
export interface SeenGateway {
  release: string | null;
  /** Counters of the supervisor: at the first check of this release, and at the last. */
  first: Integer;
  restarts: Integer;
  /** Last time that a check found a higher count. */
  restartedAt: Moment | null;
}

/** `timer-state.json`: memory of the timer between two runs. */
export interface TimerStateFile {
  schema: 1;
  /** Random, created once; seed of the random choices for this host. */
  installId: Name;
  /** All in milliseconds since 1970, at the last run. */
  clock: {
    now: number;
    /** Latest time that an earlier run saw; null at the first run. */
    lastRun: number | null;
    /** Time, by this clock, when it was first found behind `lastRun`; null when it is not behind. */
    behindSince?: number | null;
    /** Time it showed when it was last found set back. */
    jumpedAt?: number | null;
  } | null;
  registry: KnownRegistry | null;
  trouble: RegistryTrouble | null;
  /** Newest version that each channel ever named here. */
  newestSeen: Record<string, ReleaseVersion>;
  /** Newest release of the channel, as the registry last said. */
  newest?: NewestRelease | null;
  gateway: SeenGateway | null;
  announced: { version: string; at: Moment } | null;
  /** Version that the operator stopped; not installed before `until`. */
  stopped: { version: string; at: Moment; until: Moment } | null;
  /** Newer version that the timer has refused, with the operator told of it after some days. */
  refused?: { version: string; since: Moment; told: boolean } | null;
  /** Oldest first. */
  decisions: PastDecision[];
}

const MOST_DECISIONS = 20;

export function tryReadTimerState(root: Root): RecordResult<TimerStateFile> {
  return readRecord(root.auto, 'timer-state');
}

/** Returns an empty memory with a new `installId` when the file is missing or corrupt. */
export function readTimerState(root: Root): TimerStateFile {
  const found = tryReadTimerState(root);
  if (found.state === 'ok') return found.value;
  return {
    ...{ schema: 1, installId: randomUUID(), clock: null, registry: null, trouble: null, newestSeen: {} },
    ...{ gateway: null, announced: null, stopped: null, decisions: [] },
  };
}

/** Writes the file. The caller is the only run of the timer in this root. */
export function writeAuto(root: Root, file: TimerStateFile): void {
  const found = tryReadTimerState(root);
  // A corrupt file must not be overwritten.
  if (found.state === 'corrupt') moveAside(root, root.auto, found.why);
  writeFileDurably(root.auto, recordText(file), 0o600);
}

/** Adds a decision. It replaces an equal last one, because a newer time alone is no news. */
export function withDecision(file: TimerStateFile, decision: PastDecision): TimerStateFile {
  const last = file.decisions.at(-1);
  const same =
    last !== undefined &&
    decision.change === undefined &&
    last.change === undefined &&
    last.rule === decision.rule &&
    last.version === decision.version &&
    last.reason === decision.reason;
  const [before, added] = same
    ? [file.decisions.slice(0, -1), { ...decision, since: last.since ?? last.at }]
    : [file.decisions, decision];
  return { ...file, decisions: [...before, added].slice(-MOST_DECISIONS) };
}
