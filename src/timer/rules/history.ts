import type { HistoryEntry } from './facts.js';
import { timeOf } from './time.js';

const WENT_BACK: ReadonlySet<string> = new Set([
  'rolled_back',
  'rollback_failed',
  'package_updated_restart_failed',
]);
const DONE: ReadonlySet<string> = new Set([
  'package_updated_restart_verified',
  'package_updated_restart_scheduled',
]);
/** Verdicts of changes that failed before they touched the gateway. */
const FAILED_EARLY: ReadonlySet<string> = new Set(['package_update_failed', 'helper_never_ran']);

/** End of the change, or its start; milliseconds since 1970. `MAX_SAFE_INTEGER` where neither can be parsed. */
export function endOf({ endedAt, startedAt }: HistoryEntry): number {
  return timeOf(endedAt) ?? timeOf(startedAt) ?? Number.MAX_SAFE_INTEGER;
}

export function isByTimer({ initiator: by }: HistoryEntry): boolean {
  return by === 'timer';
}

/** Includes requests through the gateway, and changes with their restart left to somebody else. */
export function isMadeByPerson(entry: HistoryEntry): boolean {
  return !isByTimer(entry) && entry.kind !== 'adopt' && DONE.has(entry.status);
}

export function failedAfterRestart({ status }: HistoryEntry): boolean {
  return WENT_BACK.has(status);
}

export function failedBeforeRestart({ status }: HistoryEntry): boolean {
  return FAILED_EARLY.has(status);
}

export function restartedGateway(entry: HistoryEntry): boolean {
  return failedAfterRestart(entry) || entry.status === 'package_updated_restart_verified';
}
