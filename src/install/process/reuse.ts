import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { valid } from 'semver';
import { LARGEST, readPlainFile } from '../../core/bounded-file.js';
import { OPENCLAW, outerPlaces, readLockfile } from '../lockfile.js';

/** Staged release that probably shares most packages with the next one. */
export interface Similar {
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
}

export interface SimilarPackage {
  /** Name in the registry. */
  name: string;
  /** Checksum of its archive. */
  integrity: string;
  /** True when OpenClaw requires exactly this version; the next release may require another. */
  pinned: boolean;
  /** Null when the files may differ from its archive. */
  copy: PackageCopy | null;
}

/** Path of a package, at any depth of nesting. */
const LOCATION = /^(?:node_modules\/(?:@[^/]+\/)?[^/]+\/)+/;

/** Lists packages with a checksum, without OpenClaw. Throws when the release is not as it was sealed. */
export function packagesOf({ directory, digests, treeDigest }: Similar): SimilarPackage[] {
  const lockPath = join(directory, 'package-lock.json');
  const laidOutMs = statSync(lockPath).mtimeMs;
  const text = readPlainFile(digests, LARGEST).toString();
  if (createHash('sha256').update(text).digest('hex') !== treeDigest)
    throw new Error(`${digests} is not the list that its release was sealed with.`);
  const locked = readLockfile(lockPath);
  const files = filesByLocation(text);
  const pins = locked.get(OPENCLAW)?.dependencies ?? {};
  const isPinned = (location: string) => valid(pins[location.slice('node_modules/'.length)]) !== null;
  // The archive of a package with a bundle contains the inner packages.
  const bundlers = new Set([...files.keys()].filter((at) => !locked.get(at)?.integrity).flatMap(outerPlaces));
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
    // npm creates links, and no archive contains them.
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
