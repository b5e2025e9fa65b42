import { createHash, randomBytes } from 'node:crypto';
import { type Change, findChange, unfinishedChanges } from '../../ledger/ledger.js';
import type { ChangeKind } from '../../ledger/plan.js';
import {
  claimRequest,
  releaseRequest,
  removeRequest,
  requestIds,
  tryReadRequest,
  writeRequest,
} from '../../store/request-files.js';
import type { Root } from '../../store/root.js';

/** Where OpenClaw delivers to, as it names it. */
export interface DeliveryContext {
  channel?: string;
  to?: string;
  accountId?: string;
}

/** What became of a request: a change of its own, or the one that was under way. */
export const REQUEST_OUTCOMES = ['began', 'joined', 'upgraded', 'already_current'] as const;

export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** Who asks, and where the answer goes once there is one; nothing of it decides what is done. */
export interface Asked {
  /** For the record: a device, a session, a channel. */
  by: string | null;
  note: string | null;
  sessionKey: string | null;
  deliveryContext: DeliveryContext | null;
  threadId: string | null;
  /** What the agent of the session is to go on with afterwards. */
  continuationMessage: string | null;
}

/** `requests/<id>.json`: one request that came from elsewhere than a command line. */
export interface RequestRecord extends Asked {
  schema: 1;
  id: string;
  /** ISO 8601. */
  at: string;
  /** sha256 of the idempotency key, in hex; null without one. */
  key: string | null;
  wants: { kind: ChangeKind; target: string };
  /** Milliseconds; null where nothing was said. */
  restartDelayMs: number | null;
  outcome: RequestOutcome;
  /** Null when nothing had to be done. */
  change: string | null;
  /** The version that ran when it came. */
  before: string | null;
  /** ISO 8601: when whoever asked was told the verdict; null until then. */
  deliveredAt: string | null;
}

/** A key is remembered for so long, and a request that is of no use any more for no longer. */
const KEEP_MS = 7 * 24 * 60 * 60_000;

/** However many come: the oldest are forgotten first, those that somebody still waits for last. */
const MOST = 500;

/** A record of a request that comes at this moment, not yet on disk. */
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

/** What an idempotency key is kept as: it may say something about whoever made it up. */
export function digestOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** All requests that can be understood, oldest first. */
export function listRequests(root: Root): RequestRecord[] {
  return requestIds(root).flatMap((id) => findRequest(root, id) ?? []);
}

/** One request, or null when there is none that can be understood. */
export function findRequest(root: Root, id: string): RequestRecord | null {
  const found = tryReadRequest(root, id);
  return found.state === 'read' ? (found.value as RequestRecord) : null;
}

export function requestsOf(root: Root, change: string): RequestRecord[] {
  return listRequests(root).filter((request) => request.change === change);
}

export function requestWithKey(root: Root, digest: string): RequestRecord | null {
  return listRequests(root).findLast(({ key }) => key === digest) ?? null;
}

/** Removes requests that nobody can ask for any more. The caller decides on requests, so no other one does it. */
export function collectRequests(root: Root, now = Date.now()): void {
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

/** Nobody reads a verdict after so long, and whoever asked has long looked for themselves. */
const WORTH_TELLING_MS = KEEP_MS;

/** A request whose change has its verdict, and that nobody has been told yet. */
export interface Undelivered {
  request: RequestRecord;
  change: Change;
}

/** What is to be told, oldest first: whichever version of OpenClaw comes up asks for this. */
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
 * Takes it upon this process to tell a verdict; false when it has been told, or another living process is at it. One
 * that died over it is taken over, so that a verdict is told twice only if that one had told it and died before it
 * could say so.
 */
export function claimDelivery(root: Root, id: string): boolean {
  if (!claimRequest(root, id)) return false;
  if (findRequest(root, id)?.deliveredAt === null) return true;
  releaseRequest(root, id);
  return false;
}

/** It has been told; by the process that had claimed it. */
export function markDelivered(root: Root, id: string, at = new Date()): void {
  const request = findRequest(root, id);
  if (request) saveRequest(root, { ...request, deliveredAt: at.toISOString() });
  releaseRequest(root, id);
}

/** It could not be told; the next one may try. */
export function giveUpDelivery(root: Root, id: string): void {
  releaseRequest(root, id);
}
