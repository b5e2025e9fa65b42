import { exclusive } from '../change/exclusive.js';
import { ReleasesError } from '../core/errors.js';
import { isActive, listChanges } from '../ledger/ledger.js';
import type { Initiator } from '../ledger/plan.js';
import { type Hold, hold, readPolicy, setSchedule, unhold } from '../store/policy.js';
import type { Root } from '../store/root.js';
import { cancelChange } from './cancel.js';

export interface Held {
  hold: Hold;
  stopped: string | null;
}

/**
 * Holds automatic updates, and updates that name no version. Stops a change of the timer that has not switched.
 * @param until null holds until an operator lifts it
 * @throws ReleasesError `locked` by any other change, `already_switched` by a change of the timer
 */
export async function holdUpdates(
  root: Root,
  until: Date | null,
  why: string | null,
  by: Initiator,
): Promise<Held> {
  const wanted: Hold = { until: until?.toISOString() ?? null, at: new Date().toISOString(), why };
  const active = listChanges(root).find(isActive);
  const stopped = active?.plan.initiator === 'timer' ? active.id : null;
  if (stopped !== null) await cancelChange(root, by).catch(unlessOver);
  await exclusive({ root }, { doing: 'hold', recover: false }, () => hold(root, wanted));
  return { hold: wanted, stopped };
}

function unlessOver(error: unknown): void {
  if (!(error instanceof ReleasesError && error.code === 'no_active_change')) throw error;
}

/** Lifts the hold and resets the breaker of the timer. */
export async function releaseHold(root: Root): Promise<void> {
  await exclusive({ root }, { doing: 'unhold', recover: false }, () => unhold(root));
}

/**
 * Keeps the timer away from one version, or lets it in again.
 * @returns all skipped versions
 * @throws ReleasesError `locked`
 */
export async function skipVersion(root: Root, version: string, isSkipped: boolean): Promise<string[]> {
  return exclusive({ root }, { doing: 'skip', recover: false }, () => {
    const others = (readPolicy(root).schedule?.skip ?? []).filter((other) => other !== version);
    const skip = isSkipped ? [...others, version] : others;
    setSchedule(root, { skip: skip.length > 0 ? skip : undefined });
    return skip;
  });
}
