import type { PastChange } from '../../ledger/history-index.js';
import type { StateVersions } from '../../state/versions.js';
import type { Root } from '../../store/root.js';
import type { Today } from './current-state.js';
import { keptInstead, readPast, readsVersions } from './rules.js';

/** Whether a release can be started on today's state. */
export interface Readable {
  /** `with-snapshot`: not on today's; a state that it reads is kept, and would be put back. */
  reads: 'yes' | 'with-snapshot' | 'no' | 'unknown';
  /** How that is known, or why not; a clause. */
  why: string;
}

/**
 * For each of these releases whether it can read the state as it is. Tries nothing: what is not known by rule and was
 * not found out before is `unknown`.
 */
export function readableReleases(
  root: Root,
  today: Today | null,
  ids: readonly string[],
  changes?: readonly PastChange[],
): Map<string, Readable> {
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

const RUNNING: Readable = { reads: 'yes', why: 'it runs on it' };
const unknown = (why: string): Readable => ({ reads: 'unknown', why });

/** The same of one release and a state of these versions. */
export function readableOn(root: Root, id: string, today: StateVersions, past = readPast(root)): Readable {
  const found = readsVersions(root, id, today, past);
  if (found.reads !== 'no') return { reads: found.reads, why: found.why };
  return { reads: keptInstead(past, id, found) === null ? 'no' : 'with-snapshot', why: found.why };
}
