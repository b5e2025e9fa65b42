import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../../core/bounded-file.js';
import { ifPossible } from '../../core/if-possible.js';
import { sha256 } from '../../core/sha256.js';
import { DIGESTS_FILE, parseList } from '../../store/tree.js';
import { OPENCLAW, outerPlaces, readLockfile } from '../lockfile.js';

/** Sealed release whose packages the next one can have. */
export interface KeptRelease {
  directory: string;
  /** sha256 of its list of files, in hex. */
  treeDigest: string;
}

export interface PackageCopy {
  from: string;
  /** Paths relative to `from`, with the sha256 at sealing, in hex. */
  files: [path: string, sha256: string][];
  /** See `layoutTime`. */
  laidOutMs: number;
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

/**
 * Reads the files of a release from its list; links, which npm makes and no archive has, are left out.
 * @returns paths with their sha256 in hex; none where the list is not as sealed
 */
export function sealedFiles({ directory, treeDigest }: KeptRelease): [path: string, sha256: string][] {
  const list = readPlainFile(join(directory, DIGESTS_FILE), LARGEST).toString();
  const listed = sha256(list) === treeDigest ? parseList(list) : [];
  return listed.flatMap((entry) => (entry.kind === 'file' ? [[entry.path, entry.sha256]] : []));
}

/** Time in ms since 1970 when all packages of a release were in place; later changes come from install scripts. */
export function layoutTime({ directory }: KeptRelease): number {
  return statSync(join(directory, 'package-lock.json')).mtimeMs;
}

function addCopies(release: KeptRelease, copies: Map<string, PackageCopy>): void {
  const { directory } = release;
  const laidOutMs = layoutTime(release);
  const files = filesByLocation(sealedFiles(release));
  const locked = readLockfile(join(directory, 'package-lock.json'));
  const bundlers = new Set([...files.keys()].filter((at) => !locked.get(at)?.integrity).flatMap(outerPlaces));
  for (const [location, { integrity, hasInstallScript }] of locked) {
    const own = files.get(location);
    if (!integrity || !own || hasInstallScript || location === OPENCLAW || bundlers.has(location)) continue;
    if (copies.has(integrity)) continue;
    copies.set(integrity, { from: join(directory, location), files: own, laidOutMs });
  }
}

function filesByLocation(listed: PackageCopy['files']): Map<string, PackageCopy['files']> {
  const files = new Map<string, PackageCopy['files']>();
  for (const [path, sha256] of listed) {
    const [prefix = ''] = LOCATION.exec(path) ?? [];
    if (prefix === '') continue;
    const location = prefix.slice(0, -1);
    const known = files.get(location) ?? [];
    known.push([path.slice(prefix.length), sha256]);
    files.set(location, known);
  }
  return files;
}
