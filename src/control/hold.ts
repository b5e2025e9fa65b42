import { whileLocked } from '../change/exclusive.js';
import { ReleasesError } from '../core/errors.js';
import { isActive, listChanges } from '../ledger/ledger.js';
import type { Asker } from '../ledger/plan.js';
import { type Hold, hold, unhold } from '../store/policy.js';
import type { Root } from '../store/root.js';
import { cancelChange } from './cancel.js';

/** A hold, and the change that it stopped, if any. */
export interface Held {
  hold: Hold;
  stopped: string | null;
}

/**
 * Holds automatic updates, and those that name no version. One that the timer makes and that has not come to its switch is
 * stopped: whoever holds updates means that one first of all.
 * @param until null for until somebody lifts it
 * @throws ReleasesError `locked` by a change of somebody else, `already_switched` for one of the timer past its switch
 */
export async function holdUpdates(
  root: Root,
  until: Date | null,
  why: string | null,
  by: Asker,
): Promise<Held> {
  const wanted: Hold = { until: until?.toISOString() ?? null, at: new Date().toISOString(), why };
  const underWay = listChanges(root).find(isActive);
  const stopped = underWay?.plan.initiator === 'timer' ? underWay.id : null;
  if (stopped !== null) await cancelChange(root, by).catch(unlessOver);
  await whileLocked(root, 'hold', () => hold(root, wanted));
  return { hold: wanted, stopped };
}

/** It came to its end meanwhile, by itself. */
function unlessOver(error: unknown): void {
  if (!(error instanceof ReleasesError && error.code === 'no_active_change')) throw error;
}

/** Lifts the hold, and has the timer begin anew after failures in a row. */
export async function releaseHold(root: Root): Promise<void> {
  await whileLocked(root, 'unhold', () => unhold(root));
}
