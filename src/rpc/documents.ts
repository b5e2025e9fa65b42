import type { ErrorCode, ErrorRecord } from '../core/errors.js';
import type { IdleFacts } from '../ledger/facts.js';
import type { ChangeStatus, StepState } from '../ledger/ledger.js';
import type { ChangeKind, StepName } from '../ledger/plan.js';
import type { Runs } from '../views/running-gateway.js';
import type { Asked, RequestOutcome } from './requests/requests.js';

export interface Caller {
  /** Null when unknown: the gateway itself has let the call through. */
  scopes: string[] | null;
  /** Device, session or channel, for the record. */
  name?: string;
}

/** Document on standard output of `openclaw-releases rpc METHOD`. */
export type Reply = { ok: true; payload: object } | { ok: false; error: ErrorRecord };

/** Progress of a change, in the words of OpenClaw's own updater where it has one. */
export type Phase = 'requested' | 'staging' | 'waiting' | 'restarting' | 'verifying' | 'finished';

export interface AtVersion {
  version: string | null;
}

export interface Follow {
  method: 'update.status';
  params: { change: string };
  command: string;
}

/**
 * Immediate result of a request. `accepted`: a detached worker makes the change. `joined`, `upgraded`: the active
 * change does the same; `upgraded` also ends its wait. `already_current`: nothing to do. A verdict if one exists by
 * now, such as `helper_never_ran`, or for a repeated request. `interrupted`: the owner died without a verdict.
 */
export interface RunAnswer {
  ok: boolean;
  status: 'accepted' | 'joined' | 'upgraded' | 'already_current' | 'interrupted' | ChangeStatus;
  /** Null when no change was needed. */
  change: string | null;
  requestId: string;
  /** The idempotency key was used before; this is the result of that request. */
  repeated: boolean;
  kind: ChangeKind;
  before: AtVersion;
  target: string;
  phase: Phase;
  handoff: Handoff | null;
  /** Error of the verdict; null before the verdict, or when nothing failed. */
  error: ErrorRecord | null;
  follow: Follow | null;
}

export interface Handoff {
  /** `acknowledged`: it has claimed the change. `unavailable`: none ever did. `ended`: it has exited. */
  status: 'started' | 'acknowledged' | 'unavailable' | 'ended';
  pid: number | null;
  /** Command that follows its log; null when unknown. */
  command: string | null;
}

export interface StepDocument {
  name: StepName;
  state: StepState;
  startedAt: string;
  /** Milliseconds; null while it lasts. */
  durationMs: number | null;
  /** Exit code that a command would have: 0 for a done step, that of the error for a failed one, else null. */
  exitCode: number | null;
  note: string | null;
}

/** Keeps session and delivery of a request, so that they survive the restart. */
export interface RequestDocument extends Asked {
  id: string;
  at: string;
  outcome: RequestOutcome;
  restartDelayMs: number | null;
  /** ISO 8601; time when the caller received the verdict, null until then. */
  deliveredAt: string | null;
}

export interface ChangeDocument {
  /** The verdict; `running` while the owner lives; `interrupted` when it died and the change is not recovered. */
  status: ChangeStatus | 'running' | 'interrupted';
  step: StepName | null;
  phase: Phase;
  /** A failed change is being undone. */
  goingBack: boolean;
  change: string;
  kind: ChangeKind;
  target: string;
  startedAt: string;
  endedAt: string | null;
  to: string | null;
  before: AtVersion;
  /** Version that runs after the verdict: not `to` for a failed change; null before, and after `rollback_failed`. */
  after: AtVersion;
  steps: StepDocument[];
  reason: ErrorCode | null;
  error: ErrorRecord | null;
  undoError: ErrorRecord | null;
  /** Result that recovery will have, and the command for it; null unless interrupted. */
  nextAction: string | null;
  /** Milliseconds from the restart request until live: the outage is at most this. Null if unknown or failed. */
  downtimeMs: number | null;
  handoff: Handoff | null;
  idle: IdleFacts | null;
  warnings: string[];
}

/** Answer for a root without a change, or for a request that needed none. */
export type NoChange = { [K in Exclude<keyof ChangeDocument, 'warnings' | 'steps' | 'status'>]: null } & {
  status: 'idle' | 'already_current';
  steps: [];
  warnings: string[];
};

export type StatusAnswer = (ChangeDocument | NoChange) & {
  ok: true;
  /** ISO 8601; time of this answer. */
  at: string;
  /** Note of the first request; `requests` has all. */
  note: string | null;
  session: Pick<RequestDocument, 'sessionKey' | 'deliveryContext' | 'threadId'> | null;
  requests: RequestDocument[];
  /** True when there are callers and all of them have received the verdict. */
  delivered: boolean;
  /** Null when no supervisor answers; `warnings` then says why. */
  runs: Runs | null;
};
