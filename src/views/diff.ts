import { join } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ifPossible } from '../core/if-possible.js';
import { isRecord } from '../core/json.js';
import { compareVersions } from '../core/version.js';
import { type Manifest, readManifest, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';

export interface PackageChange {
  /** Path below `node_modules`; one package can be there in several versions. */
  path: string;
  from: string | null;
  to: string | null;
}

interface Pair<T> {
  from: T;
  to: T;
}

/** Differences of two staged releases, from their lockfiles and manifests. */
export interface Difference {
  releases: Pair<string>;
  packages: { added: PackageChange[]; removed: PackageChange[]; changed: PackageChange[]; same: number };
  schemas: Pair<Manifest['schemas']>;
  engines: Pair<string | null>;
  node: Pair<string>;
  bytes: Pair<number>;
  files: Pair<number>;
  /** Paths of packages with install scripts that only the second release has. */
  newScripts: string[];
  /** Sections of OpenClaw's CHANGELOG after the older release, up to the newer one; empty where it has none. */
  changelog: string;
}

interface Locked {
  version: string;
  hasScript: boolean;
}

const HEADING = /^## +\[?v?(\d[\w.+-]*)/;

/** @throws ReleasesError `release_not_found`, `release_unsealed`, `release_id_invalid` */
export function difference(root: Root, from: string, to: string): Difference {
  const [a, b] = [readManifest(root, from), readManifest(root, to)];
  const [before, after] = [lockedIn(root, from), lockedIn(root, to)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  const packages = paths.map((path): PackageChange => {
    return { path, from: before.get(path)?.version ?? null, to: after.get(path)?.version ?? null };
  });
  const pair = <T>(of: (manifest: Manifest) => T): Pair<T> => ({ from: of(a), to: of(b) });
  return {
    releases: { from, to },
    packages: {
      added: packages.filter((one) => one.from === null),
      removed: packages.filter((one) => one.to === null),
      changed: packages.filter((one) => one.from !== null && one.to !== null && one.from !== one.to),
      same: packages.filter((one) => one.from === one.to).length,
    },
    schemas: pair(({ schemas }) => schemas),
    engines: pair(({ engines }) => engines),
    node: pair(({ runtime }) => runtime.version),
    bytes: pair(({ bytes }) => bytes),
    files: pair(({ files }) => files),
    newScripts: paths.filter((path) => after.get(path)?.hasScript && !before.get(path)?.hasScript),
    changelog: changelogBetween(root, a, b),
  };
}

/** Packages of a release by their path; the release's lockfile is npm's. */
function lockedIn(root: Root, id: string): Map<string, Locked> {
  const text = textOf(join(releaseDirectory(root, id), 'package-lock.json'));
  const lockfile: unknown = ifPossible(() => JSON.parse(text));
  const packages = isRecord(lockfile) && isRecord(lockfile.packages) ? lockfile.packages : {};
  return new Map(
    Object.entries(packages).flatMap(([path, found]): [string, Locked][] => {
      if (path === '' || !isRecord(found) || typeof found.version !== 'string') return [];
      const name = path.replace(/^node_modules\//, '');
      return [[name, { version: found.version, hasScript: found.hasInstallScript === true }]];
    }),
  );
}

function changelogBetween(root: Root, a: Manifest, b: Manifest): string {
  const [older, newer] = compareVersions(a.version, b.version) <= 0 ? [a, b] : [b, a];
  const text = textOf(join(releaseDirectory(root, newer.id), 'node_modules/openclaw/CHANGELOG.md'));
  let isBetween = false;
  const lines = text.split('\n').filter((line) => {
    if (line.startsWith('## ')) isBetween = isWithin(HEADING.exec(line)?.[1], older.version, newer.version);
    return isBetween;
  });
  return lines.join('\n').trim();
}

function isWithin(version: string | undefined, older: string, newer: string): boolean {
  if (version === undefined) return false;
  const isAfter = () => compareVersions(version, older) > 0 && compareVersions(version, newer) <= 0;
  return ifPossible(isAfter) ?? false;
}

function textOf(path: string): string {
  return ifPossible(() => readPlainFile(path, LARGEST).toString()) ?? '';
}
