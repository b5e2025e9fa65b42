import type { StatePlace } from './place.js';
import { leftOf, walkState } from './walk.js';

export interface Newer {
  files: number;
  bytes: number;
  /** Last written files, newest first, relative to the state directory. */
  names: string[];
}

const NAMED = 3;

/**
 * Counts by file times the files that a restore to that moment would displace; newer rows inside a database do not
 * show.
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
