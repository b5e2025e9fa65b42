import type { Change } from '../../ledger/ledger.js';
import type { StateVersions } from '../../state/versions.js';
import type { Root } from '../../store/root.js';
import type { Today } from './current-state.js';
import { keptInstead, type Past, readPast, readsVersions } from './rules.js';

export interface Compatibility {
  /** `with-snapshot`: not compatible, but a compatible state exists and would be restored. */
  reads: 'yes' | 'with-snapshot' | 'no' | 'unknown';
  /** A clause. */
  why: string;
}

/** Assesses releases on today's state without a trial start: `unknown` unless a rule tells. */
export function readableReleases(
  root: Root,
  today: Today | null,
  ids: readonly string[],
  changes?: readonly Change[],
): Map<string, Compatibility> {
  if (today === null) return new Map(ids.map((id) => [id, unknown('no gateway is known here')]));
  const { running, versions } = today;
  const past = readPast(root, changes);
  return new Map(
    ids.map((id) => {
      if (id === running) return [id, RUNNING];
      return [id, typeof versions === 'string' ? unknown(versions) : readableOn(root, id, versions, past)];
    }),
  );
}

const RUNNING: Compatibility = { reads: 'yes', why: 'it runs on it' };
const unknown = (why: string): Compatibility => ({ reads: 'unknown', why });

function readableOn(root: Root, id: string, today: StateVersions, past: Past): Compatibility {
  const found = readsVersions(root, id, today, past);
  if (found.reads !== 'no') return { reads: found.reads, why: found.why };
  return { reads: keptInstead(past, id, found) === null ? 'no' : 'with-snapshot', why: found.why };
}
