import type { HistoryEntry } from './facts.js';
import { timeOf } from './time.js';

/** Verdicts of changes that switched and did not stay. */
const WENT_BACK: ReadonlySet<string> = new Set([
  'rolled_back',
  'rollback_failed',
  'package_updated_restart_failed',
]);
const DONE: ReadonlySet<string> = new Set([
  'package_updated_restart_verified',
  'package_updated_restart_scheduled',
]);
/** Verdicts of changes that stopped before the gateway was touched, and are no success. */
const FAILED_EARLY: ReadonlySet<string> = new Set(['package_update_failed', 'helper_never_ran']);

/** When it ended, or began where it has not; milliseconds since 1970, and the end of time where neither can be read. */
export function endOf({ endedAt, startedAt }: HistoryEntry): number {
  return timeOf(endedAt) ?? timeOf(startedAt) ?? Number.MAX_SAFE_INTEGER;
}

export function isByTimer({ initiator: by }: HistoryEntry): boolean {
  return by === 'timer';
}

/** What a person asked for, here or by way of the gateway, and got; also where the restart was left to somebody else. */
export function isMadeByPerson(entry: HistoryEntry): boolean {
  return !isByTimer(entry) && entry.kind !== 'adopt' && DONE.has(entry.status);
}

export function failedAfterRestart({ status }: HistoryEntry): boolean {
  return WENT_BACK.has(status);
}

export function failedBeforeRestart({ status }: HistoryEntry): boolean {
  return FAILED_EARLY.has(status);
}

/** Whether the gateway was restarted for it, or may have been. */
export function restartedGateway(entry: HistoryEntry): boolean {
  return failedAfterRestart(entry) || entry.status === 'package_updated_restart_verified';
}
