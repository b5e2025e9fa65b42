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
  /** The last drill for real; null without one. */
  forReal: ForReal | null;
}

/** Outages are from the request to restart until live, in milliseconds. */
export interface ForReal {
  at: string;
  thereMs: number | null;
  backMs: number | null;
}

/** @param changes oldest first */
export function rollbackProof(previous: string | null, changes: readonly Change[]): RollbackProof | null {
  if (previous === null) return null;
  const last = lastDrill(changes, previous);
  const forReal = lastForReal(changes, previous);
  if (last === null) return { release: previous, at: null, change: null, drill: null, error: null, forReal };
  const { endedAt: at, id: change, facts, error } = last;
  return { release: previous, at, change, drill: facts.drill ?? null, error, forReal };
}

function lastForReal(changes: readonly Change[], release: string): ForReal | null {
  const at = changes.findLastIndex(
    ({ plan, facts, error }) => plan.forReal === 'back' && facts.from === release && !error,
  );
  const back = changes[at];
  if (!back?.endedAt) return null;
  const there = changes.slice(0, at).findLast(({ plan }) => plan.forReal === 'there');
  return { at: back.endedAt, thereMs: there?.facts.liveMs ?? null, backMs: back.facts.liveMs ?? null };
}

/** One sentence for people. */
export function proofText(proof: RollbackProof, now = Date.now()): string {
  const { forReal } = proof;
  const since = forReal && duration(Math.max(0, now - Date.parse(forReal.at)));
  return forReal
    ? `${drilledText(proof, now)} Drilled for real ${since} ago, ${outagesText(forReal)}.`
    : drilledText(proof, now);
}

/** End of a sentence. */
export function outagesText({ thereMs, backMs }: Pick<ForReal, 'thereMs' | 'backMs'>): string {
  const shown = (ms: number | null) => (ms === null ? 'an unknown time' : duration(ms));
  return `without an answer for ${shown(thereMs)} there and ${shown(backMs)} back`;
}

function drilledText({ release, at, drill, error }: RollbackProof, now: number): string {
  if (at === null) return `Rolling back to ${release} is not proven. Next: openclaw-releases drill`;
  const since = `${duration(Math.max(0, now - Date.parse(at)))} ago`;
  if (error === null) return `${drillText(release, drill ?? undefined)} That was ${since}.`;
  return `A drill of ${release} failed ${since}: ${error.message} Next: openclaw-releases drill`;
}
