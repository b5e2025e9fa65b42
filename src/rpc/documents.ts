import type { ErrorRecord } from '../core/errors.js';
import type { ChangeStatus } from '../ledger/ledger.js';
import type { ChangeKind } from '../ledger/plan.js';
import type { AtVersion, ChangeDocument, Handoff } from '../views/change.js';
import type { Phase } from '../views/phase.js';
import type { Runs } from '../views/running-gateway.js';
import type { RequestRecord } from './requests/requests.js';

export interface Caller {
  /** Null when unknown: the gateway itself has let the call through. */
  scopes: string[] | null;
  /** Device, session or channel, for the record. */
  name?: string;
}

/** Document on standard output of `openclaw-releases rpc METHOD`. */
export type Reply = { ok: true; payload: object } | { ok: false; error: ErrorRecord };

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

/** Keeps session and delivery of a request, so that they survive the restart. */
export type RequestDocument = Omit<RequestRecord, 'schema' | 'key' | 'wants' | 'change' | 'before'>;

type Present = 'sentence' | 'steps' | 'notes' | 'warnings';

/** Answer for a root without a change, or for a request that needed none. */
export type NoChange = Pick<ChangeDocument, Present> & {
  [K in Exclude<keyof ChangeDocument, Present | 'status' | 'change' | 'phase' | 'error'>]?: undefined;
} & { status: 'idle' | 'already_current'; change: null; phase: null; error: null };

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
