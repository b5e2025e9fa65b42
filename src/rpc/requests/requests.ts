import { randomBytes } from 'node:crypto';
import type { Milliseconds, Moment, Name, Sha256 } from '../../core/scalars.js';
import { sha256 } from '../../core/sha256.js';
import { type Change, findChange, unfinishedChanges } from '../../ledger/ledger.js';
import type { ChangeKind } from '../../ledger/plan.js';
import { breakDead } from '../../store/break-lock.js';
import { claim, ownText, removeLink } from '../../store/owner-symlink.js';
import {
  removeRequest,
  requestIds,
  requestOwnerPath,
  tryReadRequest,
  writeRequest,
} from '../../store/request-files.js';
import type { Root } from '../../store/root.js';

export interface DeliveryContext {
  channel?: string;
  to?: string;
  accountId?: string;
}

/** `began`: a change of its own. `joined`, `upgraded`: the active change. */
export const REQUEST_OUTCOMES = ['began', 'joined', 'upgraded', 'already_current'] as const;

export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** Origin of a request and address of its answer; no decision depends on it. */
export interface Asked {
  /** Device, session or channel, for the record. */
  by: string | null;
  note: string | null;
  sessionKey: string | null;
  deliveryContext: DeliveryContext | null;
  threadId: string | null;
  /** Text with which the session's agent continues after the change. */
  continuationMessage: string | null;
}

/** `requests/<id>.json`: one request that did not come from a command line. */
export interface RequestRecord extends Asked {
  schema: 1;
  id: Name;
  at: Moment;
  /** sha256 of the idempotency key, in hex; null without one. */
  key: Sha256 | null;
  wants: { kind: ChangeKind; target: string };
  /** Null when not given. */
  restartDelayMs: Milliseconds | null;
  outcome: RequestOutcome;
  change: Name | null;
  /** Version that ran when the request came. */
  before: string | null;
  /** ISO 8601; time when the caller received the verdict, null until then. */
  deliveredAt: Moment | null;
}

/** Milliseconds until a key is forgotten and a request that nobody needs is removed. */
const KEEP_MS = 7 * 24 * 60 * 60_000;

/** Most requests kept; the oldest go first, needed ones last. */
const MOST = 500;

export function newRequest(
  request: Omit<RequestRecord, 'schema' | 'id' | 'at' | 'deliveredAt'>,
): RequestRecord {
  const at = new Date().toISOString();
  const id = `${at.replace(/[-:.]/g, '')}-${randomBytes(4).toString('hex')}`;
  return { schema: 1, id, at, ...request, deliveredAt: null };
}

export function saveRequest(root: Root, request: RequestRecord): void {
  writeRequest(root, request.id, request);
}

/** Stores only a hash, because a key may tell something about its author. */
export function digestOfKey(key: string): string {
  return sha256(key);
}

/** Skips corrupt requests; oldest first. */
export function listRequests(root: Root): RequestRecord[] {
  return requestIds(root).flatMap((id) => findRequest(root, id) ?? []);
}

/** Null also for a corrupt request. */
export function findRequest(root: Root, id: string): RequestRecord | null {
  const found = tryReadRequest(root, id);
  return found.state === 'ok' ? (found.value as RequestRecord) : null;
}

export function requestsOf(root: Root, change: string): RequestRecord[] {
  return listRequests(root).filter((request) => request.change === change);
}

export function requestWithKey(root: Root, digest: string): RequestRecord | null {
  return listRequests(root).findLast(({ key }) => key === digest) ?? null;
}

/** Removes requests that nobody needs. The caller holds the lock of `inTurn`, so no other process removes them. */
export function pruneRequests(root: Root, now = Date.now()): void {
  const waiting = new Set(undelivered(root).map(({ request }) => request.id));
  const unfinished = new Set(unfinishedChanges(root).map(({ id }) => id));
  const isNeeded = ({ id, change }: RequestRecord) => waiting.has(id) || unfinished.has(change ?? '');
  const young = (request: RequestRecord) => now - Date.parse(request.at) < KEEP_MS;
  const requests = listRequests(root);
  const old = requests.filter((request) => !young(request) && !isNeeded(request));
  const left = requests.filter((request) => !old.includes(request));
  const byUse = [...left.filter((request) => !isNeeded(request)), ...left.filter(isNeeded)];
  const tooMany = byUse.slice(0, Math.max(0, left.length - MOST));
  for (const { id } of [...old, ...tooMany]) removeRequest(root, id);
}

/** Milliseconds; an older verdict helps no caller. */
const WORTH_TELLING_MS = KEEP_MS;

export interface Undelivered {
  request: RequestRecord;
  change: Change;
}

/** Verdicts to deliver, oldest first; any version of OpenClaw that starts asks for them. */
export function undelivered(root: Root, now = Date.now()): Undelivered[] {
  const requests = listRequests(root).filter(
    ({ deliveredAt, at }) => deliveredAt === null && now - Date.parse(at) < WORTH_TELLING_MS,
  );
  return requests.flatMap((request) => {
    const change = request.change === null ? null : findChange(root, request.change);
    return change?.endedAt ? [{ request, change }] : [];
  });
}

/**
 * Claims the delivery of a verdict; false when it was delivered or another living process has the claim. Takes over the
 * claim of a dead process, so a verdict comes twice only if that process died between delivery and `markDelivered`.
 */
export function claimDelivery(root: Root, id: string): boolean {
  const path = requestOwnerPath(root, id);
  if (!claim(path) && (breakDead(root, path) !== null || !claim(path))) return false;
  if (findRequest(root, id)?.deliveredAt === null) return true;
  giveUpDelivery(root, id);
  return false;
}

export function markDelivered(root: Root, id: string, at = new Date()): void {
  const request = findRequest(root, id);
  if (request) saveRequest(root, { ...request, deliveredAt: at.toISOString() });
  giveUpDelivery(root, id);
}

export function giveUpDelivery(root: Root, id: string): void {
  removeLink(requestOwnerPath(root, id), ownText());
}
