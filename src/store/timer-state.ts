import { randomUUID } from 'node:crypto';
import type { ErrorRecord } from '../core/errors.js';
import { type Reading, readRecord } from '../core/record.js';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from './root.js';
import { setAside } from './set-aside.js';

/** What the registry said when it last answered, as far as it is of use. */
export interface KnownRegistry {
  /** dist-tags. */
  tags: Record<string, string>;
  /** Those that a tag names or named; `at` is ISO 8601, empty where nobody says. */
  versions: { version: string; at: string; deprecated: string | null }[];
  /** By this host's clock, and by the registry's own where it says; ISO 8601. */
  askedAt: string;
  saidAt: string | null;
  /** Names the state of the document that this is from. */
  etag: string | null;
  /** For which version all of the registry's document was asked for, since the short one has no times. */
  wholeFor: string | null;
}

/** Why the registry is not asked for a while. */
export interface RegistryTrouble {
  /** In a row. */
  failures: number;
  error: ErrorRecord;
  /** ISO 8601, both. */
  since: string;
  retryAt: string;
}

/** A decision that was made, and what came of it. */
export interface PastDecision {
  /** When it was made last; ISO 8601. */
  at: string;
  /** When it was made first, where it was made more than once in a row. */
  since?: string;
  verdict: 'update' | 'wait' | 'no';
  version: string | null;
  /** Null for an update. */
  rule: string | null;
  reason: string;
  until: string | null;
  /** The change that was made, and its verdict. */
  change?: string;
  status?: string | null;
}

/** A moment of the gateway, to tell restarts that nobody asked for: supervisors only count them. */
export interface SeenGateway {
  release: string | null;
  /** As the supervisor counts, at the first look at this release and at the last one. */
  first: number;
  restarts: number;
  /** When the last look found more than the one before; ISO 8601. */
  restartedAt: string | null;
}

/** `timer-state.json`: what the timer remembers from one run to the next. */
export interface TimerStateFile {
  schema: 1;
  /** Random, made once: what is drawn for this host is drawn from it. */
  installId: string;
  /** What the clock said at the last run; milliseconds since 1970. */
  clock: {
    now: number;
    lastRun: number | null;
    behindSince?: number | null;
    jumpedAt?: number | null;
  } | null;
  registry: KnownRegistry | null;
  trouble: RegistryTrouble | null;
  /** By channel, the newest version that it ever named here. */
  newestSeen: Record<string, string>;
  gateway: SeenGateway | null;
  /** The restart that is announced; ISO 8601. */
  announced: { version: string; at: string } | null;
  /** What somebody stopped, which is not taken before `until`; ISO 8601. */
  stopped: { version: string; at: string; until: string } | null;
  /** Oldest first. */
  decisions: PastDecision[];
}

const MOST_DECISIONS = 20;

/** One look at the file; see `readRecord`. */
export function tryReadTimerState(root: Root): Reading<TimerStateFile> {
  return readRecord(root.auto, 'timer-state');
}

/** What the timer remembers; nothing, and a new id of the installation, where it cannot be understood. */
export function readTimerState(root: Root): TimerStateFile {
  const found = tryReadTimerState(root);
  if (found.state === 'read') return found.value;
  return {
    ...{ schema: 1, installId: randomUUID(), clock: null, registry: null, trouble: null, newestSeen: {} },
    ...{ gateway: null, announced: null, stopped: null, decisions: [] },
  };
}

/** Whoever writes is the only run of the timer in this root. */
export function writeAuto(root: Root, file: TimerStateFile): void {
  const found = tryReadTimerState(root);
  // What is in it must not be written over.
  if (found.state === 'corrupt') setAside(root, root.auto, found.why);
  writeFileDurably(root.auto, `${JSON.stringify(file, null, 2)}\n`, 0o600);
}

/** The file with one more decision. One that says the same as the last takes its place: an hour is not news. */
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
