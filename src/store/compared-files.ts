import { lstatSync, statSync, utimesSync } from 'node:fs';
import type { Digest } from '../host/digest.js';

/** Clocks go forward in steps of some milliseconds, and apart from each other by less in the time of a change. */
const APART_MS = 20;

/** Files of a tree that were compared with a list while they were written. */
export interface ComparedFiles {
  /** sha256 in hex, by paths relative to the tree. */
  digests: ReadonlyMap<string, string>;
  /** End of writing. */
  at: Moment;
}

interface Moment {
  /** Time in ms since 1970 that the filesystem gives to a change. */
  changed: number;
  /** Milliseconds of a clock that nobody can set. */
  steady: number;
}

export function momentIn(directory: string): Moment {
  const now = new Date();
  utimesSync(directory, now, now);
  return { changed: statSync(directory).ctimeMs, steady: performance.now() };
}

/**
 * Finds digests without reading. The kernel alone sets the time of the last change of a file (`ctime`), by a clock that
 * may be set back.
 * @returns null for a file that may have changed since it was compared
 */
export function unchangedSince(
  directory: string,
  { digests, at }: ComparedFiles,
): (path: string) => Digest | null {
  const now = momentIn(directory);
  if (now.changed - at.changed < now.steady - at.steady - APART_MS) return () => null;
  return (path) => {
    const sha256 = digests.get(path.slice(directory.length + 1));
    const stats = lstatSync(path);
    const isAsWritten = stats.isFile() && stats.ctimeMs < at.changed && (stats.mode & 0o222) === 0;
    return sha256 !== undefined && isAsWritten ? { sha256, size: stats.size } : null;
  };
}
