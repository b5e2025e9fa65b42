import { parse, type SemVer } from 'semver';
import { ReleasesError } from './errors.js';

/** OpenClaw corrects 2026.7.1 by 2026.7.1-1, which semver sorts before it: a suffix of only numbers is a correction. */
const PHASE = { prerelease: 0, release: 1, correction: 2 } as const;

function phase({ prerelease }: SemVer): number {
  if (prerelease.length === 0) return PHASE.release;
  return prerelease.every((part) => /^\d+$/.test(String(part))) ? PHASE.correction : PHASE.prerelease;
}

function read(version: string): SemVer {
  const parsed = parse(version);
  if (parsed) return parsed;
  throw new ReleasesError('release_id_invalid', `${JSON.stringify(version)} is not a version.`, {
    hint: 'openclaw-releases list',
  });
}

/**
 * Compares in OpenClaw's order: prereleases, the release, its corrections. Build metadata, which tells releases from
 * archives apart (`2026.6.1+file.1a2b3c4d`), comes last, so that no two ids are equal.
 * @returns negative when `a` comes first, positive when `b` does, 0 for equal versions
 * @throws ReleasesError `release_id_invalid` when either is not a version
 */
export function compareVersions(a: string, b: string): number {
  return compare(read(a), read(b));
}

/**
 * Sorts older versions first and parses each version once.
 * @throws ReleasesError `release_id_invalid` when one of several is not a version; a single item is not parsed
 */
export function inVersionOrder<T>(items: readonly T[], versionOf: (item: T) => string): T[] {
  if (items.length < 2) return [...items];
  return items
    .map((item) => ({ item, version: read(versionOf(item)) }))
    .sort((a, b) => compare(a.version, b.version))
    .map(({ item }) => item);
}

function compare(x: SemVer, y: SemVer): number {
  return (
    x.compareMain(y) ||
    phase(x) - phase(y) ||
    x.comparePre(y) ||
    compareText(x.build.join('.'), y.build.join('.'))
  );
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** OpenClaw takes its version from its environment where that names one: it may be any text. */
export function isVersion(text: string | null): text is string {
  return parse(text) !== null;
}

/**
 * Returns true for a release or a correction, false for a beta, alpha or dev build.
 * @throws ReleasesError `release_id_invalid`
 */
export function isStable(version: string): boolean {
  return phase(read(version)) !== PHASE.prerelease;
}
