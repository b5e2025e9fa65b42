import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ReleasesError } from '../../errors.js';

interface LockedPackage {
  /** Only where its place has another: of an alias. */
  name?: string;
  version?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
}

/** The packages of a `package-lock.json` (version 2 or 3) by their place: `node_modules/openclaw`. */
export type Lockfile = Map<string, LockedPackage>;

export const OPENCLAW = 'node_modules/openclaw';

/** @throws ReleasesError `install_failed` when it is not such a file */
export function readLockfile(path: string): Lockfile {
  try {
    const { packages } = JSON.parse(readFileSync(path, 'utf8')) as {
      packages: Record<string, LockedPackage>;
    };
    return new Map(Object.entries(packages).filter(([location]) => location !== ''));
  } catch (cause) {
    throw new ReleasesError('install_failed', `${path} is not a package-lock.json that can be used.`, {
      hint: 'Use the one of a release: releases/<id>/package-lock.json',
      untouched: 'Nothing that runs was changed.',
      cause,
    });
  }
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
