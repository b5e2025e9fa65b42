import { recoverDetached } from '../control/detached/interrupted.js';
import { ReleasesError, toErrorRecord } from '../core/errors.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { listChanges, readChange } from '../ledger/ledger.js';
import { activeChange } from '../ledger/ownership.js';
import type { Root } from '../store/root.js';
import { changeDocument } from '../views/change.js';
import { type Runs, runningGateway } from '../views/running-gateway.js';
import type { NoChange, RequestDocument, StatusAnswer } from './documents.js';
import type { Call } from './entry.js';
import { id, text, type Values } from './params.js';
import {
  digestOfKey,
  findRequest,
  type RequestRecord,
  requestsOf,
  requestWithKey,
} from './requests/requests.js';

export const STATUS_FIELDS = { change: id, requestId: id, idempotencyKey: text(256) };

type Named = Values<typeof STATUS_FIELDS>;

/**
 * Reads a change: the named one, else the active one, else the last. Takes no lock and writes nothing itself. Starts a
 * detached worker that recovers an interrupted change, though not for a read-only caller: that can restart the gateway.
 * @throws ReleasesError `params_invalid`, `change_not_found`
 */
export async function updateStatus({ environment, mayChange }: Call, values: Named): Promise<StatusAnswer> {
  const { root } = environment;
  const named = nameOf(root, values);
  const at = new Date().toISOString();
  const change = named === null ? latest(root) : named.change;
  const requests = change === null ? [named?.request].filter((one) => one != null) : requestsOf(root, change);
  const document =
    change === null ? noChange(named?.request ?? null) : changeDocument(root, readChange(root, change));
  const [runs, problem] = await runsNow(environment);
  const warnings = [...document.warnings, ...(problem ? [problem] : [])];
  if (document.status === 'interrupted') warnings.push(await end(environment, document.change, mayChange));
  const [first = null] = requests;
  return {
    ok: true,
    at,
    ...document,
    warnings,
    note: first?.note ?? null,
    session: first && sessionOf(first),
    requests: requests.map(requestDocument),
    delivered: requests.length > 0 && requests.every(({ deliveredAt }) => deliveredAt !== null),
    runs,
  };
}

function nameOf(
  root: Root,
  { change, requestId, idempotencyKey }: Named,
): { change: string | null; request: RequestRecord | null } | null {
  const given = [change, requestId, idempotencyKey].filter((value) => value !== undefined);
  if (given.length === 0) return null;
  if (given.length > 1) {
    const sentence = 'Only one of change, requestId and idempotencyKey can be asked for.';
    throw new ReleasesError('params_invalid', sentence);
  }
  if (change !== undefined) return { change, request: null };
  const request =
    requestId !== undefined
      ? findRequest(root, requestId)
      : requestWithKey(root, digestOfKey(given[0] ?? ''));
  if (request) return { change: request.change, request };
  const sentence = 'There is no record of such a request; they are kept for a week.';
  throw new ReleasesError('change_not_found', sentence, { hint: 'openclaw-releases history' });
}

function latest(root: Root): string | null {
  return (activeChange(root) ?? listChanges(root).at(-1))?.id ?? null;
}

/** Turns a failure into a warning: the supervisor may be restarting too. */
async function runsNow(environment: Environment): Promise<[Runs | null, string | null]> {
  try {
    return [await runningGateway(environment.root, supervisorOf(environment)), null];
  } catch (error) {
    return [null, `What runs cannot be told: ${toErrorRecord(error).message}`];
  }
}

async function end(environment: Environment, change: string, mayChange: boolean): Promise<string> {
  const later = 'The next change recovers it, or the next start of the machine.';
  if (!mayChange) return later;
  try {
    const begun = await recoverDetached(environment, change);
    return begun ? 'Recovery was started in the background.' : 'Another process is about to recover it.';
  } catch (error) {
    return `${later} No process could be started for it: ${toErrorRecord(error).message}`;
  }
}

function noChange(request: RequestRecord | null): NoChange {
  return {
    status: request ? 'already_current' : 'idle',
    sentence: request ? 'That release ran already; nothing was changed.' : 'No change was made here yet.',
    change: null,
    phase: null,
    steps: [],
    error: null,
    notes: [],
    warnings: [],
  };
}

function sessionOf({ sessionKey, deliveryContext, threadId }: RequestRecord): StatusAnswer['session'] {
  return sessionKey || deliveryContext || threadId ? { sessionKey, deliveryContext, threadId } : null;
}

function requestDocument(request: RequestRecord): RequestDocument {
  const { schema: _, key: __, wants: ___, change: ____, before: _____, ...document } = request;
  return document;
}
