import { createHash } from 'node:crypto';
import {
  describePackage,
  type Entry,
  type Packument,
  type Release,
  type Resign,
  tarballPath,
} from './packument.js';
import type { SigningKey } from './signing-key.js';
import { type PackageFiles, packTarball } from './tarball.js';

export interface PublishOptions {
  tag?: string;
  sign?: boolean;
  /** Time of publication in the packument; now, unless given. */
  publishedAt?: Date;
}

function manifestOf(pkg: PackageFiles): Record<string, unknown> {
  const file = pkg.files['package.json'];
  const manifest = JSON.parse(typeof file === 'string' ? file : (file?.text ?? '{}'));
  if (manifest.name !== pkg.name || manifest.version !== pkg.version) {
    throw new Error(`package.json does not say ${pkg.name}@${pkg.version}`);
  }
  return manifest;
}

/** The packages the registry holds. */
export class Catalog {
  readonly #entries = new Map<string, Entry>();
  readonly #key: SigningKey;

  constructor(key: SigningKey) {
    this.#key = key;
  }

  publish(
    pkg: PackageFiles,
    { tag = 'latest', sign = true, publishedAt = new Date() }: PublishOptions,
  ): void {
    const entry = this.#entries.get(pkg.name) ?? { tags: {}, releases: new Map() };
    if (entry.releases.has(pkg.version)) throw new Error(`${pkg.name}@${pkg.version} is already published`);
    const tarball = packTarball(pkg);
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const signatures = sign ? [this.#key.sign(`${pkg.name}@${pkg.version}:${integrity}`)] : [];
    const manifest = manifestOf(pkg);
    entry.releases.set(pkg.version, { manifest, pkg, tarball, integrity, signatures, publishedAt });
    entry.tags = { latest: pkg.version, ...entry.tags, [tag]: pkg.version };
    this.#entries.set(pkg.name, entry);
  }

  unpublish(name: string, version: string): void {
    const entry = this.#existing(name, version);
    entry.releases.delete(version);
    const newest = [...entry.releases.keys()].at(-1);
    if (newest === undefined) {
      this.#entries.delete(name);
      return;
    }
    const kept = Object.entries(entry.tags).filter(([, tagged]) => tagged !== version);
    entry.tags = { latest: newest, ...Object.fromEntries(kept) };
  }

  tag(name: string, tag: string, version: string): void {
    this.#existing(name, version).tags[tag] = version;
  }

  /** Sets the words of its publisher against a version; an empty text takes them back. */
  deprecate(name: string, version: string, why: string): void {
    const release = this.#existing(name, version).releases.get(version);
    if (release) release.manifest = { ...release.manifest, deprecated: why };
  }

  /** The tarball at this path of the registry, and its source. */
  tarballAt(path: string): Release | undefined {
    const name = path.slice(1, path.indexOf('/-/'));
    return [...(this.#entries.get(name)?.releases.values() ?? [])].find(
      ({ pkg }) => tarballPath(pkg) === path.slice(1),
    );
  }

  /** The full document of a package; `resign` puts other signatures in the place of a version's own. */
  packument(name: string, origin: string, resign?: Resign): Packument | undefined {
    const entry = this.#entries.get(name);
    return entry && describePackage(name, entry, origin, resign);
  }

  #existing(name: string, version: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry?.releases.has(version)) throw new Error(`${name}@${version} is not published`);
    return entry;
  }
}
