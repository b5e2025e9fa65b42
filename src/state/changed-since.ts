import type { StatePlace } from './place.js';
import { leftOf, walkState } from './walk.js';

/** What was written to a state after a moment. */
export interface Newer {
  files: number;
  bytes: number;
  /** The last that were written, newest first, relative to the state directory. */
  names: string[];
}

/** Enough to recognise what one was doing; more is for `find -newer`. */
const NAMED = 3;

/**
 * What going back to a state of that moment sets aside, by the times of the files: it cannot tell what in a database
 * is newer.
 * @param since ISO 8601
 */
export function newerThan(place: StatePlace, since: string): Newer {
  const moment = Date.parse(since);
  const found: { path: string; at: number; bytes: number }[] = [];
  for (const { path, kind, scope, stats } of walkState(place.directory, leftOf(place))) {
    if (kind === 'file' && scope === 'state' && stats.mtimeMs > moment)
      found.push({ path, at: stats.mtimeMs, bytes: stats.size });
  }
  found.sort((a, b) => b.at - a.at);
  return {
    files: found.length,
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    names: found.slice(0, NAMED).map(({ path }) => path),
  };
}
