import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../../core/bounded-file.js';
import { ifPossible } from '../../core/if-possible.js';
import { OPENCLAW, outerPlaces, readLockfile } from '../lockfile.js';

/** Sealed release whose packages the next one can have. */
export interface KeptRelease {
  directory: string;
  /** Path of its list of files, in the format of `sha256sum`. */
  digests: string;
  /** sha256 of that list, in hex. */
  treeDigest: string;
}

export interface PackageCopy {
  from: string;
  /** Paths relative to `from`, with the sha256 at sealing, in hex. */
  files: [path: string, sha256: string][];
  /** Time when all packages were in place, in ms since 1970; later changes come from install scripts. */
  laidOutMs: number;
  /** False below OpenClaw, which refuses plugins whose files have two names. */
  isLinkable: boolean;
  hasPrograms: boolean;
}

const LOCATION = /^(?:node_modules\/(?:@[^/]+\/)?[^/]+\/)+/;

/**
 * Finds the packages of releases whose files are those of their archives, by the checksum of the archive; the first
 * release that has one gives it. Leaves out OpenClaw, packages with install scripts and packages whose archives contain
 * others, and a release that is not as it was sealed: reuse only saves time.
 */
export function copiesFrom(kept: readonly KeptRelease[]): Map<string, PackageCopy> {
  const copies = new Map<string, PackageCopy>();
  for (const release of kept) ifPossible(() => addCopies(release, copies));
  return copies;
}

function addCopies({ directory, digests, treeDigest }: KeptRelease, copies: Map<string, PackageCopy>): void {
  const lockPath = join(directory, 'package-lock.json');
  const laidOutMs = statSync(lockPath).mtimeMs;
  const text = readPlainFile(digests, LARGEST).toString();
  if (createHash('sha256').update(text).digest('hex') !== treeDigest) return;
  const locked = readLockfile(lockPath);
  const files = filesByLocation(text);
  const bundlers = new Set([...files.keys()].filter((at) => !locked.get(at)?.integrity).flatMap(outerPlaces));
  for (const [location, { integrity, hasInstallScript, bin }] of locked) {
    const own = files.get(location);
    if (!integrity || !own || hasInstallScript || location === OPENCLAW || bundlers.has(location)) continue;
    if (copies.has(integrity)) continue;
    const isLinkable = !outerPlaces(location).includes(OPENCLAW);
    const from = join(directory, location);
    copies.set(integrity, { from, files: own, laidOutMs, isLinkable, hasPrograms: bin !== undefined });
  }
}

function filesByLocation(digests: string): Map<string, PackageCopy['files']> {
  const files = new Map<string, PackageCopy['files']>();
  for (const line of digests.split('\n')) {
    // npm creates links, and no archive contains them.
    if (line.startsWith('#')) continue;
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
