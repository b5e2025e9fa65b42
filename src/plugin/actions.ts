import { type ErrorRecord, ReleasesError, toErrorRecord } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';
import { outgoing } from '../core/printable.js';
import { isVersion } from '../core/version.js';
import { newestChanges } from '../ledger/ledger.js';
import type { RunAnswer } from '../rpc/documents.js';
import type { Method } from '../rpc/methods.js';
import type { DeliveryContext } from '../rpc/requests/requests.js';
import { expectedUpdate } from '../views/expected-update.js';
import * as words from './action-words.js';
import { ask } from './cli-process.js';
import type { Host } from './host.js';

interface Action {
  /** `METHODS` says in words what it does. */
  method: Method;
  /** Parameter of the method that holds the version; null for an action that takes none. */
  version: 'target' | 'release' | null;
  /** It restarts the gateway, so a person agrees to it first. */
  isConfirmed: boolean;
}

/** Actions that people and agents order in a conversation, whichever door they come through. */
export const ACTIONS = {
  status: { method: 'releases.status', version: null, isConfirmed: false },
  check: { method: 'releases.check', version: 'target', isConfirmed: false },
  update: { method: 'releases.update', version: 'target', isConfirmed: true },
  rollback: { method: 'releases.rollback', version: 'release', isConfirmed: true },
  cancel: { method: 'releases.cancel', version: null, isConfirmed: false },
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof ACTIONS;

export interface Order {
  action: ActionName;
  version: string | null;
  /** A person has agreed to this action with this version. */
  isConfirmed: boolean;
  /** A person has agreed that a rollback replaces today's state by a kept one. */
  restoresState: boolean;
}

/** Way into the gateway of an order; it has made sure that the caller is the owner or has `operator.admin`. */
export interface Door {
  /** For the record. */
  name: string;
  /** Session that gets the verdict. */
  sessionKey: string | null;
  deliveryContext?: DeliveryContext;
  /** Throws when the caller has lost its right since the order came. */
  assertCurrent?: () => void;
  /** The words that give an order here. */
  spell(order: Order): string;
}

export interface Outcome {
  ok: boolean;
  text: string;
}

const LAST_CHANGES = 30;

export function isAction(name: unknown): name is ActionName {
  return typeof name === 'string' && Object.hasOwn(ACTIONS, name);
}

/** Answers an order in words. A change begins only when it is confirmed with its version. Never throws. */
export async function perform(host: Host, order: Order, door: Door): Promise<Outcome> {
  try {
    return { ok: true, text: outgoing(await answer(host, order, door)) };
  } catch (error) {
    return { ok: false, text: outgoing(words.failure(toErrorRecord(error), order, door)) };
  }
}

async function answer(host: Host, order: Order, door: Door): Promise<string> {
  const { action, version } = order;
  const { method, version: parameter, isConfirmed: asksFirst } = ACTIONS[action];
  // biome-ignore lint/suspicious/noExplicitAny: each method has its own document
  const call = async (called: Method, params: object): Promise<any> => {
    door.assertCurrent?.();
    const reply = await ask(host, called, params, { scopes: ['operator.admin'], name: door.name });
    if (reply.ok) return reply.payload;
    throw asError(reply.error);
  };
  const named = parameter !== null && version !== null ? { [parameter]: version } : {};
  if (action === 'status') return words.status(await call(method, {}), door);
  if (action === 'cancel') return words.cancelled(await call(method, {}), door);
  // Nobody should agree to what does not exist, so the version is looked up first.
  const isAgreed = asksFirst && order.isConfirmed && version !== null && isOneRelease(version);
  if (action === 'rollback' && !isAgreed) {
    return words.rollback(await call('releases.show', { release: version ?? 'previous' }), version, door);
  }
  if (!isAgreed) return words.update(await call('releases.check', named), version, door);
  const { sessionKey, deliveryContext } = door;
  const run: RunAnswer = await call(method, {
    ...named,
    ...(sessionKey !== null && { sessionKey }),
    ...(deliveryContext && { deliveryContext }),
    ...(order.restoresState && action === 'rollback' && { yes: true }),
  });
  if (run.error) throw asError(run.error);
  const expected = ifPossible(() => expectedUpdate(newestChanges(host.root, LAST_CHANGES))) ?? null;
  return words.begun(run, expected, door);
}

/** A tag, and a name such as `previous`, may mean another release by the time that somebody agrees. */
function isOneRelease(version: string): boolean {
  return isVersion(version.replace(/\+file\..*$/, ''));
}

function asError({ code, message, ...rest }: ErrorRecord): ReleasesError {
  return new ReleasesError(code, message, rest);
}
