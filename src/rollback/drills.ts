import { duration } from '../core/duration.js';
import { moment } from '../core/moment.js';
import type { DrillFacts } from '../ledger/facts.js';
import type { Change } from '../ledger/ledger.js';

/** Errors that say that a rollback would fail. All others are of the host at that moment, such as too little memory. */
const TELLING: ReadonlySet<string> = new Set(['drill_failed', 'release_damaged', 'state_incompatible']);

/** Returns true for a drill that has shown that its release can be returned to, or that it cannot. */
export function tellsOfRollback({ plan, endedAt, error }: Change): boolean {
  return plan.kind === 'drill' && endedAt !== null && (error === null || TELLING.has(error.code));
}

/** The last drill of a release that tells something, or null. @param changes oldest first */
export function lastDrill(changes: readonly Change[], release: string): Change | null {
  return changes.findLast((change) => change.facts.to === release && tellsOfRollback(change)) ?? null;
}

/** A sentence about a drill that passed. */
export function drillText(release: string | null, drill: DrillFacts | undefined): string {
  const state = drill?.kept ? `its state of ${moment(drill.stateAt)}` : "a copy of today's state";
  const after = drill ? ` after ${duration(drill.readyMs)}` : '';
  return `Rolling back to ${release} is proven: it was ready on ${state}${after}.`;
}
