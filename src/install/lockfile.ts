import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { valid } from 'semver';
import { ReleasesError } from '../core/errors.js';

interface LockedPackage {
  /** Only where its place has another: of an alias. */
  name?: string;
  version?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  /** It comes in the archive of the package that it lies in. */
  inBundle?: boolean;
  link?: boolean;
  dependencies?: Record<string, string>;
}

/** The packages of a `package-lock.json` (version 2 or 3) by their place: `node_modules/openclaw`. */
export type Lockfile = Map<string, LockedPackage>;

export const OPENCLAW = 'node_modules/openclaw';

/** @throws ReleasesError `lockfile_invalid` when it is not such a file */
export function readLockfile(path: string): Lockfile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw unfit(`${path} cannot be read.`, cause);
  }
  return parseLockfile(text, path);
}

/**
 * @param source where it is from, in words
 * @throws ReleasesError `lockfile_invalid`
 */
export function parseLockfile(text: string, source: string): Lockfile {
  try {
    const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
    return new Map(Object.entries(packages).filter(([location]) => location !== ''));
  } catch (cause) {
    throw unfit(`${source} is not a package-lock.json that can be used.`, cause);
  }
}

/**
 * The release that a lockfile is of, once each of its packages has a checksum: without one nobody could tell whether
 * it is the same again.
 * @param source where it is from, in words
 * @throws ReleasesError `lockfile_invalid`
 */
export function lockedRelease(lockfile: Lockfile, source: string): { version: string; integrity: string } {
  for (const [location, { integrity, inBundle, link }] of lockfile) {
    if (!integrity && !inBundle && !link) throw unfit(`${source} has no checksum for ${location}.`);
  }
  const { version, integrity } = lockfile.get(OPENCLAW) ?? {};
  if (!version || !integrity || valid(version) !== version) {
    throw unfit(`${source} is not of a release: it names no exact version of ${OPENCLAW}.`);
  }
  return { version, integrity };
}

/** A lockfile that a release cannot be installed from. */
export function unfit(message: string, cause?: unknown): ReleasesError {
  return new ReleasesError('lockfile_invalid', message, {
    hint: 'Use releases/<id>/package-lock.json of a release that was staged, or --no-lockfile to look its dependencies up anew.',
    untouched: 'Nothing that runs was changed.',
    cause,
  });
}

/** sha256 of the file, in hex. */
export function digestLockfile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/**
 * The first place where two trees differ, or null: an exact lockfile that npm had to amend was not one for this
 * release.
 */
export function firstDifference(wanted: Lockfile, found: Lockfile): string | null {
  for (const location of new Set([...wanted.keys(), ...found.keys()])) {
    const a = wanted.get(location);
    const b = found.get(location);
    if (a?.version !== b?.version || !sameBytes(a?.integrity, b?.integrity)) return location;
  }
  return null;
}

/** Whether the bytes that were locked are those that were announced: every announced checksum is among the locked. */
export function sameBytes(announced: string | undefined, locked: string | undefined): boolean {
  const known = new Set(locked?.split(/\s+/));
  return (announced?.split(/\s+/) ?? []).every((checksum) => known.has(checksum));
}
