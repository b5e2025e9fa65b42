import { duration } from '../core/duration.js';
import type { ErrorRecord } from '../core/errors.js';
import type { DrillFacts } from '../ledger/facts.js';
import type { Change } from '../ledger/ledger.js';
import { drillText, lastDrill } from '../rollback/drills.js';

/** The last drill of `previous`: whether a rollback is proven to work. */
export interface RollbackProof {
  release: string;
  /** End of the drill, ISO 8601; null without one. */
  at: string | null;
  /** Id of the drill among the changes. */
  change: string | null;
  drill: DrillFacts | null;
  /** Reason why a rollback would fail; null if it would work, or without a drill. */
  error: ErrorRecord | null;
}

/** @param changes oldest first */
export function rollbackProof(previous: string | null, changes: readonly Change[]): RollbackProof | null {
  if (previous === null) return null;
  const last = lastDrill(changes, previous);
  if (last === null) return { release: previous, at: null, change: null, drill: null, error: null };
  const { endedAt: at, id: change, facts, error } = last;
  return { release: previous, at, change, drill: facts.drill ?? null, error };
}

/** One sentence for people. */
export function proofText({ release, at, drill, error }: RollbackProof, now = Date.now()): string {
  if (at === null) return `Rolling back to ${release} is not proven. Next: openclaw-releases drill`;
  const since = `${duration(Math.max(0, now - Date.parse(at)))} ago`;
  if (error === null) return `${drillText(release, drill ?? undefined)} That was ${since}.`;
  return `A drill of ${release} failed ${since}: ${error.message} Next: openclaw-releases drill`;
}
