import { valid } from 'semver';
import { hasCredentials } from '../core/address.js';
import { readPlainFile, whyUnusable } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { isRecord } from '../core/json.js';
import { checksumStrength } from '../registry/checksum.js';

interface LockedPackage {
  /** Present only for an alias, whose place has another name. */
  name?: string;
  version: string;
  resolved?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  bin?: unknown;
  /** True when the archive of the outer package contains it. */
  inBundle?: boolean;
  dependencies?: Record<string, string>;
  bundleDependencies?: string[];
}

/** Packages of a `package-lock.json` (version 2 or 3) by place: `node_modules/openclaw`. */
export type Lockfile = Map<string, LockedPackage>;

export const OPENCLAW = 'node_modules/openclaw';

/** Bytes; that of OpenClaw has some hundred KiB. */
export const LOCKFILE_LIMIT = 16 * 1024 * 1024;

const NAME = String.raw`(?:@[\w!~*'()-][\w.!~*'()-]*/)?(?!node_modules(?:/|$))[\w!~*'()-][\w.!~*'()-]*`;
const PACKAGE_NAME = new RegExp(`^${NAME}$`);
const PLACE = new RegExp(`^node_modules/${NAME}(?:/node_modules/${NAME})*$`);

const isText = (value: unknown) => typeof value === 'string';
const isFlag = (value: unknown) => typeof value === 'boolean';
const isList = (value: unknown) => Array.isArray(value) && value.every(isText);
const isMap = (value: unknown) => isRecord(value) && Object.values(value).every(isText);

/** Fields of a package that npm or this program reads; the others are only for people. */
const FIELDS: Record<string, (value: unknown) => boolean> = {
  name: (value) => isText(value) && PACKAGE_NAME.test(String(value)),
  version: (value) => isText(value) && valid(String(value), { loose: true }) !== null,
  resolved: isText,
  integrity: (value) => checksumStrength(value) !== null,
  link: (value) => value === false,
  ...{ inBundle: isFlag, hasInstallScript: isFlag, hasShrinkwrap: isFlag },
  ...{ dev: isFlag, optional: isFlag, devOptional: isFlag, peer: isFlag, extraneous: isFlag },
  ...{ dependencies: isMap, optionalDependencies: isMap, devDependencies: isMap, peerDependencies: isMap },
  bundleDependencies: isList,
  peerDependenciesMeta: isRecord,
  bin: (value) => isText(value) || isMap(value),
  engines: (value) => isList(value) || isMap(value),
  ...{ os: isTextOrList, cpu: isTextOrList, libc: isTextOrList },
};

/**
 * Reads a plain file of at most 16 MiB.
 * @throws ReleasesError `lockfile_invalid`
 */
export function readLockfileText(path: string): string {
  try {
    // The operator may name a link; a kept lockfile is none.
    return readPlainFile(path, LOCKFILE_LIMIT, { follow: true }).toString('utf8');
  } catch (cause) {
    throw unfit(`${path} ${whyUnusable(cause)}.`, cause);
  }
}

/** @throws ReleasesError `lockfile_invalid` */
export function readLockfile(path: string): Lockfile {
  return parseLockfile(readLockfileText(path), path);
}

/** @throws ReleasesError `lockfile_invalid`, which names `source` and the first wrong place */
export function parseLockfile(text: string, source: string): Lockfile {
  const unusable = (reason: string, cause?: unknown) =>
    unfit(`${source} is not a package-lock.json that can be used: ${reason}.`, cause);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw unusable('it is not JSON', cause);
  }
  const { lockfileVersion, packages } = isRecord(document) ? document : {};
  if (lockfileVersion !== 2 && lockfileVersion !== 3)
    throw unusable('its lockfileVersion is neither 2 nor 3');
  if (!isRecord(packages)) throw unusable('it has no packages');
  const lockfile: Lockfile = new Map();
  for (const [place, locked] of Object.entries(packages)) {
    const named = JSON.stringify(place.slice(0, 200));
    if (place !== '' && !PLACE.test(place)) throw unusable(`${named} is not the place of a package`);
    if (!isRecord(locked)) throw unusable(`${named} is not a package`);
    const wrong = Object.keys(locked).find((key) => FIELDS[key]?.(locked[key]) === false);
    if (wrong) throw unusable(`${named} has an unusable ${wrong}`);
    if (place === '') continue;
    if (locked.version === undefined) throw unusable(`${named} has no version`);
    lockfile.set(place, locked as unknown as LockedPackage);
  }
  return lockfile;
}

/**
 * Release of a lockfile. Each package needs a checksum: without one nothing proves that the next install is equal.
 * @param isOwn true for a lockfile of this host, which may know no better checksum than SHA-1
 * @throws ReleasesError `lockfile_invalid`, which names `source`
 */
export function lockedRelease(
  lockfile: Lockfile,
  source: string,
  { isOwn }: { isOwn: boolean },
): { version: string; integrity: string } {
  for (const [place, { integrity, inBundle }] of lockfile) {
    const strength = checksumStrength(integrity);
    if (strength === 'weak' && !isOwn) throw unfit(`${source} has only a SHA-1 checksum for ${place}.`);
    if (strength === null && !(inBundle && hasBundler(lockfile, place)))
      throw unfit(`${source} has no checksum for ${place}.`);
  }
  const { version, integrity } = lockfile.get(OPENCLAW) ?? {};
  if (!version || !integrity || valid(version) !== version) {
    throw unfit(`${source} is not of a release: it names no exact version of ${OPENCLAW}.`);
  }
  return { version, integrity };
}

/** Leaves out addresses with credentials, which a kept lockfile must not hold. */
export function withoutSecretAddresses(text: string): string {
  return withoutAddresses(text, hasCredentials);
}

/** Leaves out the addresses of some archives: npm asks the registry for new ones. */
export function withoutAddresses(
  text: string,
  isLeftOut: (resolved: string, name: string) => boolean,
): string {
  const lockfile = JSON.parse(text) as { packages: Record<string, { name?: string; resolved?: unknown }> };
  const leftOut = Object.entries(lockfile.packages).filter(([place, { name, resolved }]) => {
    const ownName = name ?? place.split('node_modules/').at(-1) ?? '';
    return typeof resolved === 'string' && isLeftOut(resolved, ownName);
  });
  for (const [, locked] of leftOut) delete locked.resolved;
  return leftOut.length > 0 ? `${JSON.stringify(lockfile, null, 2)}\n` : text;
}

/** Returns true when an outer package has a bundle. Only npm decides whether the package is in it. */
function hasBundler(lockfile: Lockfile, place: string): boolean {
  return outerPlaces(place).some((outer) => lockfile.get(outer)?.bundleDependencies?.length);
}

/** Outer packages: `node_modules/a` for `node_modules/a/node_modules/b`. */
export function outerPlaces(place: string): string[] {
  const at = place.lastIndexOf('/node_modules/');
  return at < 0 ? [] : [place.slice(0, at), ...outerPlaces(place.slice(0, at))];
}

function isTextOrList(value: unknown): boolean {
  return isText(value) || isList(value);
}

export function unfit(message: string, cause?: unknown): ReleasesError {
  return new ReleasesError('lockfile_invalid', message, {
    hint: 'Use releases/<id>/package-lock.json of a release that was staged, or --no-lockfile to look its dependencies up anew.',
    cause,
  });
}

/** Version and checksum of each package by place. */
export type Tree = ReadonlyMap<string, Pick<LockedPackage, 'version' | 'integrity'>>;

/** First place where two trees differ, or null. A lockfile that npm had to change was not exact for this release. */
export function firstDifference(wanted: Tree, found: Tree): string | null {
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
