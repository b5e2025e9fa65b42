import type { Change } from '../ledger/ledger.js';
import type { UpdateNeeds } from '../store/timer-state.js';

/** Medians of the verified updates of this host. */
export interface Expected {
  /** Milliseconds without the wait for an idle gateway. */
  ms: number;
  /** Milliseconds from the restart until live. */
  outageMs: number;
  updates: number;
}

const MOST_UPDATES = 9;

export function notesUrl(version: string): string {
  return `https://github.com/openclaw/openclaw/releases/tag/v${version}`;
}

export interface Looked {
  newest: { node: NonNullable<UpdateNeeds['node']> | { error: object }; fetchBytes: number };
  rollback: { needsState: boolean | null } | null;
}

export function needsOf({ newest: { node, fetchBytes }, rollback }: Looked): UpdateNeeds {
  const chosen = 'error' in node ? null : { version: node.version, kind: node.kind };
  return { node: chosen, fetchBytes, rollbackNeedsState: rollback?.needsState ?? null };
}

/** Uses the newest updates that also staged their release; null without one. @param changes oldest first */
export function expectedUpdate(changes: readonly Change[]): Expected | null {
  const measured = changes
    .filter(({ plan, status, facts }) => {
      const isVerified = status === 'package_updated_restart_verified' && facts.liveMs !== undefined;
      return plan.kind === 'update' && isVerified && !facts.alreadyStaged;
    })
    .slice(-MOST_UPDATES);
  if (measured.length === 0) return null;
  const spent = ({ steps }: Change) =>
    steps.reduce((sum, { name, ms = 0 }) => sum + (name === 'wait-idle' ? 0 : ms), 0);
  return {
    ms: median(measured.map(spent)),
    outageMs: median(measured.map(({ facts }) => facts.liveMs ?? 0)),
    updates: measured.length,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
