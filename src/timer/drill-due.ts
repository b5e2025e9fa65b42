import type { Change } from '../ledger/ledger.js';
import { lastDrill } from '../rollback/drills.js';
import { DAY } from './rules/time.js';

/**
 * Decides if the timer drills now.
 * @param previous release to return to, or null
 * @param changes oldest first
 * @param days setting `drillDays`; 0 makes no drill
 */
export function isDrillDue(
  previous: string | null,
  changes: readonly Change[],
  days: number,
  now: number,
): boolean {
  if (previous === null || days <= 0) return false;
  const isOlder = (change: Change | null | undefined, ms: number) => {
    const at = change ? Date.parse(change.endedAt ?? change.startedAt) : Number.NEGATIVE_INFINITY;
    // A clock that was ahead has written a time that is far from now.
    return at + ms <= now || at - DAY > now;
  };
  // A host that lacks the memory today is asked again tomorrow.
  const lastTry = changes.findLast(({ plan }) => plan.kind === 'drill');
  return isOlder(lastTry, DAY) && isOlder(lastDrill(changes, previous), days * DAY);
}
