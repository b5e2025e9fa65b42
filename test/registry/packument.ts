import { createHash } from 'node:crypto';
import type { Signature } from './signing-key.js';
import { entriesOf, type PackageFiles } from './tarball.js';

/** One published version. */
export interface Release {
  manifest: Record<string, unknown>;
  pkg: PackageFiles;
  tarball: Buffer;
  integrity: string;
  /** Made once, as ECDSA never signs twice alike and an unchanged packument should keep its ETag. */
  signatures: Signature[];
  publishedAt: Date;
}

/** One package. */
export interface Entry {
  tags: Record<string, string>;
  releases: Map<string, Release>;
}

/** Other signatures for a version, by its `name@version`. */
export type Resign = (id: string) => Signature[];

export interface Packument {
  _id: string;
  name: string;
  'dist-tags': Record<string, string>;
  versions: Record<string, Record<string, unknown>>;
  time: { created: string; modified: string } & Record<string, string>;
}

/** Fields that the short form keeps, after "package metadata" in the documentation of npm's registry. */
const ABBREVIATED = [
  'name',
  'version',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'bundleDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'bin',
  'directories',
  'engines',
  'cpu',
  'os',
  'deprecated',
  'dist',
];

/** Path of a tarball, below the registry. */
export function tarballPath({ name, version }: PackageFiles): string {
  return `${name}/-/${name.replace(/^@[^/]+\//, '')}-${version}.tgz`;
}

function describeRelease(release: Release, origin: string, resign?: Resign) {
  const { manifest, pkg, tarball, integrity } = release;
  const id = `${pkg.name}@${pkg.version}`;
  const files = entriesOf(pkg);
  const signatures = resign?.(id) ?? release.signatures;
  return {
    ...manifest,
    _id: id,
    dist: {
      tarball: `${origin}${tarballPath(pkg)}`,
      integrity,
      shasum: createHash('sha1').update(tarball).digest('hex'),
      fileCount: files.length,
      unpackedSize: files.reduce((sum, { bytes }) => sum + bytes.length, 0),
      ...(signatures.length > 0 && { signatures }),
    },
  };
}

/** The full document of a package. */
export function describePackage(name: string, entry: Entry, origin: string, resign?: Resign): Packument {
  const releases = [...entry.releases];
  const times = releases.map(([version, { publishedAt }]) => [version, publishedAt.toISOString()] as const);
  const sorted = times.map(([, time]) => time).sort();
  return {
    _id: name,
    name,
    'dist-tags': { ...entry.tags },
    versions: Object.fromEntries(
      releases.map(([version, release]) => [version, describeRelease(release, origin, resign)]),
    ),
    time: { created: sorted[0] ?? '', modified: sorted.at(-1) ?? '', ...Object.fromEntries(times) },
  };
}

function hasInstallScript(manifest: Record<string, unknown>): boolean {
  const scripts = (manifest.scripts ?? {}) as Record<string, string>;
  return ['preinstall', 'install', 'postinstall'].some((event) => scripts[event] !== undefined);
}

/** The document for installers: no times, no scripts and nothing of the package's own. */
export function abbreviate({ name, 'dist-tags': tags, versions, time }: Packument) {
  const shorten = (manifest: Record<string, unknown>) => ({
    ...Object.fromEntries(Object.entries(manifest).filter(([key]) => ABBREVIATED.includes(key))),
    ...(hasInstallScript(manifest) && { hasInstallScript: true }),
  });
  return {
    name,
    'dist-tags': tags,
    modified: time.modified,
    versions: Object.fromEntries(Object.entries(versions).map(([key, value]) => [key, shorten(value)])),
  };
}
