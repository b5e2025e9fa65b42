import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { valid } from 'semver';
import { OPENCLAW, readLockfile } from '../lockfile.js';

/** A release that is here, and that probably shares most packages with one that is to come. */
export interface Similar {
  directory: string;
  /** Path of the list of its files, as `sha256sum` writes it. */
  digests: string;
  /** sha256 of that list, in hex. */
  treeDigest: string;
}

/** A package in a release, file by file. */
export interface PackageCopy {
  from: string;
  /** Relative to it, with the sha256 that the release was sealed with, in hex. */
  files: [path: string, sha256: string][];
  /** When all packages were laid out; milliseconds since 1970. What changed later is an install script's. */
  laidOutMs: number;
}

/** A package of a similar release. */
export interface SimilarPackage {
  /** In the registry. */
  name: string;
  /** Of its archive. */
  integrity: string;
  /** Whether OpenClaw names this very version; the next one may name another. */
  pinned: boolean;
  /** Null where what is there is not what was in its archive, as far as that can be told. */
  copy: PackageCopy | null;
}

/** The packages on the way to a file, however deep one lies in another. */
const LOCATION = /^(?:node_modules\/(?:@[^/]+\/)?[^/]+\/)+/;

/**
 * The packages of a release that have a checksum, besides OpenClaw itself.
 * @throws errors when it is not a release that was sealed, or not as it was any more
 */
export function packagesOf({ directory, digests, treeDigest }: Similar): SimilarPackage[] {
  const lockPath = join(directory, 'package-lock.json');
  const laidOutMs = statSync(lockPath).mtimeMs;
  const text = readFileSync(digests, 'utf8');
  if (createHash('sha256').update(text).digest('hex') !== treeDigest)
    throw new Error(`${digests} is not the list that its release was sealed with.`);
  const locked = readLockfile(lockPath);
  const files = filesByLocation(text);
  const pins = locked.get(OPENCLAW)?.dependencies ?? {};
  const isPinned = (location: string) => valid(pins[location.slice('node_modules/'.length)]) !== null;
  // A package that brings others along has them in its archive.
  const bundlers = new Set([...files.keys()].filter((at) => !locked.get(at)?.integrity).flatMap(ancestors));
  return [...locked].flatMap(([location, { name, integrity, hasInstallScript }]) => {
    if (!integrity || location === OPENCLAW) return [];
    const ownFiles = bundlers.has(location) || hasInstallScript ? undefined : files.get(location);
    const copy = ownFiles ? { from: join(directory, location), files: ownFiles, laidOutMs } : null;
    const nameHere = location.split('node_modules/').at(-1) ?? '';
    return [{ name: name ?? nameHere, integrity, pinned: isPinned(location), copy }];
  });
}

function filesByLocation(digests: string): Map<string, PackageCopy['files']> {
  const files = new Map<string, PackageCopy['files']>();
  for (const line of digests.split('\n')) {
    // A link, which is npm's and in no archive.
    if (line.startsWith('# ')) continue;
    const path = line.slice(66);
    const [prefix = ''] = LOCATION.exec(path) ?? [];
    if (prefix === '') continue;
    const location = prefix.slice(0, -1);
    const known = files.get(location) ?? [];
    known.push([path.slice(prefix.length), line.slice(0, 64)]);
    files.set(location, known);
  }
  return files;
}

/** `node_modules/a` of `node_modules/a/node_modules/b`. */
function ancestors(location: string): string[] {
  const at = location.lastIndexOf('/node_modules/');
  return at < 0 ? [] : [location.slice(0, at), ...ancestors(location.slice(0, at))];
}
