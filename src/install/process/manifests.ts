import { checkEngine } from 'npm-install-checks';
import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import pacote, { type ManifestResult } from 'pacote';
import { clean, satisfies } from 'semver';
import { ifPossible } from '../../core/if-possible.js';
import type { ClientOptions } from '../../registry/client.js';
import { fetchPackument, type Packument } from '../../registry/packument.js';
import { pickFrom, versionDocument } from '../../registry/version-document.js';

type Options = Record<string, unknown>;
export type Picked = pacote.Manifest & ManifestResult;
/** Fields of `package.json`. */
interface Needs {
  dependencies?: Record<string, string> | undefined;
  optionalDependencies?: Record<string, string> | undefined;
  peerDependencies?: Record<string, string> | undefined;
  peerDependenciesMeta?: Record<string, { optional?: boolean }> | null;
  bundleDependencies?: string[] | boolean;
}
type Picking = (spec: string | npa.Result, options?: Options) => Promise<Picked>;

/**
 * Replaces `pacote.manifest` until `close`, because arborist has no option for it: fetches the smallest document from
 * which npm picks the same version, 9 MB of 73 MB for an OpenClaw, and each document once.
 */
export class Manifests {
  readonly #options: ClientOptions;
  readonly #original = pacote.manifest as unknown as Picking;
  /** Key: the name, or `name@version` for a document about one version. */
  readonly #asked = new Map<string, Promise<Packument | null | undefined>>();
  /** Registries without documents about one version. */
  readonly #wholeOnly = new Set<string>();
  /** Asked ahead, as `name@range`. */
  readonly #expected = new Set<string>();
  readonly #asksAhead: boolean;
  #isClosed = false;

  /** @param asksAhead false where the versions are known, and only checksums are looked up */
  constructor(options: ClientOptions, { asksAhead = true } = {}) {
    this.#asksAhead = asksAhead;
    const { offline, preferOffline } = options;
    // npm would believe a cached document for minutes; comparing it costs a few hundred bytes.
    this.#options = { ...options, preferOnline: !offline && !preferOffline };
    Object.assign(pacote, { manifest: this.manifest });
  }

  readonly manifest: Picking = async (spec, options = {}) => {
    const parsed = npa(spec as string);
    // Alias `other@npm:this@1` means `this`.
    const wanted = (parsed as npa.AliasResult).subSpec ?? parsed;
    if (!wanted.registry) return this.#original(spec, options);
    const document = await this.#enoughFor(wanted, options);
    const picked = await this.#original(spec, { ...options, ...pickFrom(document) });
    if (this.#asksAhead) this.#askAhead(picked, options);
    return picked;
  };

  /** Restores pacote, and frees the documents: they are most of the memory once the tree is known. */
  close(): void {
    this.#isClosed = true;
    Object.assign(pacote, { manifest: this.#original });
    this.#asked.clear();
  }

  /** Asks for what a package needs: arborist looks at one package after the other, and waits for the registry at each. */
  #askAhead(picked: Picked, options: Options): void {
    // An odd document is arborist's to judge.
    for (const id of ifPossible(() => needsOf(picked as Needs)) ?? []) {
      if (this.#expected.has(id)) continue;
      this.#expected.add(id);
      // Arborist has excepted this package alone from the time that counts for the others.
      const { before } = this.#options;
      // It asks again where it needs the answer, and reports the error.
      this.manifest(id, { ...options, before }).catch(() => {});
    }
  }

  async #enoughFor(wanted: npa.Result, options: Options): Promise<Packument> {
    const name = wanted.name ?? '';
    const registry = npmFetch.pickRegistry(name, this.#options);
    const isWhole = this.#asked.has(name) || this.#wholeOnly.has(registry);
    const version = isWhole ? null : enoughOf(wanted, options);
    const alone = version && (await this.#once(`${name}@${version}`, () => this.#alone(name, version)));
    if (alone && isPicked(alone, wanted, options)) return alone;
    const whole = await this.#once(name, () => fetchPackument(name, this.#options));
    if (alone === undefined && (version === 'latest' || whole.versions?.[version ?? '']))
      this.#wholeOnly.add(registry);
    return whole;
  }

  #alone(name: string, version: string): Promise<Packument | null | undefined> {
    // That of OpenClaw was fetched a moment ago, and not every registry sends a lifetime.
    const how = name === 'openclaw' ? { preferOffline: true, preferOnline: false } : {};
    return versionDocument(name, version, { ...this.#options, ...how });
  }

  async #once<T extends Packument | null | undefined>(id: string, ask: () => Promise<T>): Promise<T> {
    // Only what was asked ahead comes so late.
    if (this.#isClosed) throw new Error('The tree is known.');
    const known = (this.#asked.get(id) as Promise<T> | undefined) ?? ask();
    this.#asked.set(id, known);
    // A later request tries again.
    known.catch(() => this.#asked.delete(id));
    return known;
  }
}

/** Specifiers of what the registry has of a package's needs. */
function needsOf(manifest: Needs): string[] {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const bundled = manifest.bundleDependencies || [];
  const needs = Object.entries({ ...peerDependencies, ...dependencies, ...optionalDependencies });
  return needs.flatMap(([name, range]) => {
    if (bundled === true || bundled.includes(name) || peerDependenciesMeta?.[name]?.optional) return [];
    return ifPossible(() => npa.resolve(name, range))?.registry ? [`${name}@${range}`] : [];
  });
}

/** Version or tag whose own document may be enough; null when the choice depends on other versions. */
function enoughOf({ type, fetchSpec }: npa.Result, { before, avoid, defaultTag }: Options): string | null {
  if (before || avoid || (defaultTag && defaultTag !== 'latest')) return null;
  if (type === 'version') return clean(fetchSpec ?? '', { loose: true });
  return type === 'range' ? 'latest' : null;
}

/** Returns true when npm picks this version regardless of all others (`npm-pick-manifest`). */
function isPicked(alone: Packument, { type, fetchSpec }: npa.Result, options: Options): boolean {
  if (type === 'version') return true;
  const [manifest] = Object.values(alone.versions ?? {}) as unknown as pacote.Manifest[];
  if (!manifest || manifest.deprecated) return false;
  const fits = fetchSpec === '*' || satisfies(manifest.version, fetchSpec ?? '', { loose: true });
  const { npmVersion = null, nodeVersion = process.version } = options as Record<string, string | null>;
  try {
    checkEngine(manifest, npmVersion, nodeVersion);
    return fits;
  } catch {
    return false;
  }
}
