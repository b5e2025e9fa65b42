import type { ErrorCode, ErrorRecord } from '../core/errors.js';
import type { IdleFacts } from '../ledger/facts.js';
import type { ChangeStatus, StepState } from '../ledger/ledger.js';
import type { ChangeKind, StepName } from '../ledger/plan.js';
import type { Runs } from '../views/running-gateway.js';
import type { Asked, RequestOutcome } from './requests/requests.js';

/** Who asks, as far as the gateway tells it. */
export interface Caller {
  /** Null where they are not known: the gateway itself has let the call through. */
  scopes: string[] | null;
  /** For the record: a device, a session, a channel. */
  name?: string;
}

/** One document on standard output of `openclaw-releases rpc METHOD`. */
export type Reply = { ok: true; payload: object } | { ok: false; error: ErrorRecord };

/** How far a change is, in the words of OpenClaw's own updater where it has one. */
export type Phase = 'requested' | 'staging' | 'waiting' | 'restarting' | 'verifying' | 'finished';

/** A version, or null where none is known. */
export interface AtVersion {
  version: string | null;
}

/** How to see what becomes of a change. */
export interface Follow {
  method: 'update.status';
  params: { change: string };
  /** To type in a shell. */
  command: string;
}

/**
 * What became of a request at once. `accepted`: a process outside of the gateway makes the change. `joined`,
 * `upgraded`: the change under way is the same; in the latter case it waits no longer. `already_current`: there is
 * nothing to do. A verdict where there is one by now: `helper_never_ran` for one, or for a request that is repeated,
 * and `interrupted` where there is none because the process that made it died.
 */
export interface RunAnswer {
  ok: boolean;
  status: 'accepted' | 'joined' | 'upgraded' | 'already_current' | 'interrupted' | ChangeStatus;
  /** Null where no change was needed. */
  change: string | null;
  requestId: string;
  /** The idempotency key was used before: this is what became of the request then. */
  repeated: boolean;
  kind: ChangeKind;
  before: AtVersion;
  target: string;
  phase: Phase;
  handoff: Handoff | null;
  /** Of the verdict; null while there is none, or nothing failed. */
  error: ErrorRecord | null;
  follow: Follow | null;
}

/** The process that makes a change. */
export interface Handoff {
  /** `acknowledged`: it has put its name to the change. `unavailable`: none ever did. `ended`: it is not there any more. */
  status: 'started' | 'acknowledged' | 'unavailable' | 'ended';
  pid: number | null;
  /** The command that follows its log; null where it is not known. */
  command: string | null;
}

export interface StepDocument {
  name: StepName;
  state: StepState;
  startedAt: string;
  /** Milliseconds; null while it lasts. */
  durationMs: number | null;
  /** What a command would have ended with: 0 for what is done, the exit code of the error for what failed, else null. */
  exitCode: number | null;
  note: string | null;
}

/** A request that led to this change: what its session and its delivery survive a restart in. */
export interface RequestDocument extends Asked {
  id: string;
  at: string;
  outcome: RequestOutcome;
  restartDelayMs: number | null;
  /** Whether whoever asked has been told the verdict; ISO 8601. */
  deliveredAt: string | null;
}

/** What a change is doing, or what became of it. */
export interface ChangeDocument {
  /**
   * The verdict; `running` only while the process that makes the change lives; `interrupted` when it died and nobody
   * has given the change its end yet.
   */
  status: ChangeStatus | 'running' | 'interrupted';
  /** The step under way; null when none is. */
  step: StepName | null;
  phase: Phase;
  /** What failed is being undone. */
  goingBack: boolean;
  change: string;
  kind: ChangeKind;
  target: string;
  startedAt: string;
  endedAt: string | null;
  /** The release that it goes to, once that is known. */
  to: string | null;
  before: AtVersion;
  /** What the verdict left running, which is not `to` for a change that failed; null until then, and where nobody knows. */
  after: AtVersion;
  steps: StepDocument[];
  /** The code of `error`. */
  reason: ErrorCode | null;
  error: ErrorRecord | null;
  undoError: ErrorRecord | null;
  /** What happens next to a change whose process died, and what to type; null otherwise. */
  nextAction: string | null;
  /** Milliseconds from the request to restart until the new process answered: the outage is at most this. Null where it is not known. */
  downtimeMs: number | null;
  handoff: Handoff | null;
  /** Announcement, wait and countdown; null where there is none. */
  idle: IdleFacts | null;
  warnings: string[];
}

/** No change has been made here yet. */
export type NoChange = { [K in Exclude<keyof ChangeDocument, 'warnings' | 'steps' | 'status'>]: null } & {
  status: 'idle' | 'already_current';
  steps: [];
  warnings: string[];
};

/** A change, who asked for it, and what runs; true at the moment `at`. */
export type StatusAnswer = (ChangeDocument | NoChange) & {
  ok: true;
  /** ISO 8601. */
  at: string;
  /** Of the first request; all of them are in `requests`. */
  note: string | null;
  session: Pick<RequestDocument, 'sessionKey' | 'deliveryContext' | 'threadId'> | null;
  requests: RequestDocument[];
  /** Whether everybody who asked has been told the verdict. */
  delivered: boolean;
  /** Null when no supervisor answers; `warnings` then says why. */
  runs: Runs | null;
};
