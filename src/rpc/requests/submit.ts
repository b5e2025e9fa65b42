import { planFor, type Request } from '../../change/run.js';
import { isWaiting, lockedBy } from '../../control/active-change.js';
import { recordChange, startDetached, waitForAck } from '../../control/detached/start.js';
import { recordNeverRan } from '../../control/detached/worker.js';
import { ReleasesError, toErrorRecord } from '../../core/errors.js';
import { moment } from '../../core/moment.js';
import { faultPoint } from '../../host/fault.js';
import { waitUntil } from '../../host/wait.js';
import { type Environment, supervisorOf } from '../../ledger/environment.js';
import { type Change, findChange, readChange, saveChange } from '../../ledger/ledger.js';
import { activeChange, hasLiveOwner, isAcknowledged } from '../../ledger/ownership.js';
import type { Plan } from '../../ledger/plan.js';
import { inspectIfThere, runningRelease } from '../../ledger/running-release.js';
import { sendSignal } from '../../ledger/signals.js';
import { currentRelease, readTrial } from '../../store/links.js';
import { findManifest } from '../../store/manifest.js';
import { removeRequest } from '../../store/request-files.js';
import { inTurn } from '../../store/request-lock.js';
import { prepareRoot, type Root } from '../../store/root.js';
import { wantsTheSame } from './coalesce.js';
import {
  type Asked,
  newRequest,
  pruneRequests,
  type RequestRecord,
  requestWithKey,
  saveRequest,
} from './requests.js';

export interface Wanted {
  request: Request;
  asked: Asked;
  key: string | null;
  restartDelayMs: number | null;
  /** Restarts without waiting for the gateway. */
  urgent: boolean;
}

export interface Received {
  request: RequestRecord;
  /** From the ledger; null when no change was needed or its record is lost. */
  change: Change | null;
  /** Command that follows the worker's log; null when this request did not start the worker. */
  follow: string | null;
  repeated: boolean;
}

export interface ReceptionOptions {
  /** Milliseconds for the detached worker to claim the change. */
  acknowledgeMs?: number;
  /** This process exits after its answer; the restart waits for that, so that the answer arrives. */
  endsWithAnswer?: boolean;
}

/** Milliseconds to wait for a lock without a change (a pin, a decision), which is short. */
const BRIEF_MS = 5_000;

/**
 * Makes a change in a detached worker and resolves once the worker has claimed it. Joins an active change that does the
 * same; a used key returns its first request. Of concurrent requests, from any processes, one begins a change.
 * @throws ReleasesError as `makeChange`; `locked`, with the active change in `details`, when that is another one;
 * `params_invalid` for a key that was used for another request
 */
export async function receive(
  environment: Environment,
  wanted: Wanted,
  { acknowledgeMs, endsWithAnswer = false }: ReceptionOptions = {},
): Promise<Received> {
  const { root } = environment;
  prepareRoot(root);
  const plan = planFor(wanted.request);
  const decided = await inTurn(root, () => decide({ environment, wanted, plan, endsWithAnswer }));
  const { change, begun } = decided;
  if (change === null) return decided;
  if (begun) {
    const limit = acknowledgeMs === undefined ? {} : { acknowledgeMs };
    const started = await startDetached(environment, change, limit);
    faultPoint('before answer');
    return { ...decided, ...started };
  }
  await waitForAck(root, change.id, acknowledgeMs);
  return { ...decided, change: readChange(root, change.id) };
}

type Decided = Received & { begun: boolean };

interface Submission {
  environment: Environment;
  wanted: Wanted;
  plan: Plan;
  endsWithAnswer: boolean;
}

async function decide(submission: Submission): Promise<Decided> {
  const { environment, wanted, plan } = submission;
  const { root } = environment;
  const before = wanted.key === null ? null : requestWithKey(root, wanted.key);
  if (before) {
    const repeated = repeat(root, before, plan);
    if (!neverBegan(root, repeated)) return repeated;
    removeRequest(root, before.id);
  }
  pruneRequests(root);
  let obstacle: unknown;
  const decided = await waitUntil({ withinMs: BRIEF_MS }, async () => {
    const active = activeChange(root);
    if (active) {
      const same = await wantsTheSame(plan, active);
      if (same) return join(submission, active);
      obstacle = lockedBy(active);
      if (same === false) throw obstacle;
      return null;
    }
    if (await isCurrent(environment, plan)) return keep(submission, 'already_current', null);
    try {
      return await begin(submission);
    } catch (error) {
      if (!(error instanceof ReleasesError && error.code === 'locked')) throw error;
      obstacle = error;
      return null;
    }
  });
  if (!decided) throw obstacle;
  return decided;
}

/** Returns the first request of a key and begins nothing, also after a failure. */
function repeat(root: Root, request: RequestRecord, plan: Plan): Decided {
  const { kind, target } = request.wants;
  if (kind !== plan.kind || target !== plan.target) {
    throw new ReleasesError(
      'params_invalid',
      `idempotencyKey was used for ${kind} ${target} at ${moment(request.at)}, and now came with ${plan.kind} ${plan.target}.`,
      { hint: 'Give another key for another request.' },
    );
  }
  const change = request.change === null ? null : findChange(root, request.change);
  return { request, change, follow: null, repeated: true, begun: false };
}

/** The caller died before the worker started, so nothing was done. Writes a verdict, which a late worker finds. */
function neverBegan(root: Root, { change }: Decided): boolean {
  if (change === null || isAcknowledged(root, change) || hasLiveOwner(root, change)) return false;
  return recordNeverRan(root, change.id, 'The requester exited before the change started.') !== null;
}

async function begin(submission: Submission): Promise<Decided> {
  const { environment, plan, endsWithAnswer } = submission;
  const change = await recordChange(environment, plan, endsWithAnswer);
  try {
    return keep(submission, 'began', change);
  } catch (error) {
    // Without its request nobody would learn of the change, and the same key would begin a second one.
    const end = { status: 'package_update_failed', endedAt: new Date().toISOString() } as const;
    saveChange(environment.root, Object.assign(change, end, { error: toErrorRecord(error) }));
    throw error;
  }
}

function join(submission: Submission, active: Change): Decided {
  const upgrades = submission.wanted.urgent && isWaiting(active);
  if (upgrades) sendSignal(submission.environment.root, active.id, 'restart-now', 'gateway');
  return keep(submission, upgrades ? 'upgraded' : 'joined', active);
}

function keep(
  { environment: { root }, wanted, plan: { kind, target } }: Submission,
  outcome: RequestRecord['outcome'],
  change: Change | null,
): Decided {
  const from = change === null ? currentRelease(root) : change.facts.from;
  const request = newRequest({
    ...wanted.asked,
    key: wanted.key,
    restartDelayMs: wanted.restartDelayMs,
    outcome,
    wants: { kind, target },
    change: change?.id ?? null,
    before: from === null ? null : (findManifest(root, from)?.version ?? from),
  });
  // Without a change, the answer itself is the verdict.
  saveRequest(root, change === null ? { ...request, deliveredAt: request.at } : request);
  return { request, change, follow: null, repeated: false, begun: outcome === 'began' };
}

/** An exact version that runs, is current and has no trial needs no change. */
async function isCurrent(environment: Environment, { kind, target }: Plan): Promise<boolean> {
  const { root } = environment;
  if (kind !== 'update' || target !== currentRelease(root) || readTrial(root) !== null) return false;
  const inspection = await inspectIfThere(supervisorOf(environment));
  return inspection !== null && runningRelease(root, inspection) === target;
}
