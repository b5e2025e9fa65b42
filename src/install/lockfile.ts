import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { valid } from 'semver';
import { hasCredentials } from '../core/address.js';
import { ReleasesError } from '../core/errors.js';

interface LockedPackage {
  /** Present only for an alias, whose place has another name. */
  name?: string;
  version?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  /** True when the archive of the outer package contains it. */
  inBundle?: boolean;
  link?: boolean;
  dependencies?: Record<string, string>;
}

/** Packages of a `package-lock.json` (version 2 or 3) by place: `node_modules/openclaw`. */
export type Lockfile = Map<string, LockedPackage>;

export const OPENCLAW = 'node_modules/openclaw';

/** @throws ReleasesError `lockfile_invalid` */
export function readLockfile(path: string): Lockfile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw unfit(`${path} cannot be read.`, cause);
  }
  return parseLockfile(text, path);
}

/** @throws ReleasesError `lockfile_invalid`, which names `source` */
export function parseLockfile(text: string, source: string): Lockfile {
  try {
    const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
    return new Map(Object.entries(packages).filter(([location]) => location !== ''));
  } catch (cause) {
    throw unfit(`${source} is not a package-lock.json that can be used.`, cause);
  }
}

/**
 * Release of a lockfile. Each package needs a checksum: without one nothing proves that the next install is equal.
 * @throws ReleasesError `lockfile_invalid`, which names `source`
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

/** Leaves out addresses with credentials, which a kept lockfile must not hold: npm asks the registry for new ones. */
export function withoutSecretAddresses(text: string): string {
  const lockfile = JSON.parse(text) as { packages: Record<string, { resolved?: unknown }> };
  const secret = Object.values(lockfile.packages).filter(
    ({ resolved }) => typeof resolved === 'string' && hasCredentials(resolved),
  );
  for (const locked of secret) delete locked.resolved;
  return secret.length > 0 ? `${JSON.stringify(lockfile, null, 2)}\n` : text;
}

export function unfit(message: string, cause?: unknown): ReleasesError {
  return new ReleasesError('lockfile_invalid', message, {
    hint: 'Use releases/<id>/package-lock.json of a release that was staged, or --no-lockfile to look its dependencies up anew.',
    cause,
  });
}

/** @returns sha256 in hex */
export function digestLockfile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** First place where two trees differ, or null. A lockfile that npm had to change was not exact for this release. */
export function firstDifference(wanted: Lockfile, found: Lockfile): string | null {
  for (const location of new Set([...wanted.keys(), ...found.keys()])) {
    const a = wanted.get(location);
    const b = found.get(location);
    if (a?.version !== b?.version || !sameBytes(a?.integrity, b?.integrity)) return location;
  }
  return null;
}

/** Returns true when every announced checksum is among the locked ones. */
export function sameBytes(announced: string | undefined, locked: string | undefined): boolean {
  const known = new Set(locked?.split(/\s+/));
  return (announced?.split(/\s+/) ?? []).every((checksum) => known.has(checksum));
}
