import { checkEngine } from 'npm-install-checks';
import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import pacote, { type ManifestResult } from 'pacote';
import { clean, satisfies } from 'semver';
import type { ClientOptions } from '../../registry/client.js';
import { fetchPackument, type Packument } from '../../registry/packument.js';
import { pickFrom, versionDocument } from '../../registry/version-document.js';

type Options = Record<string, unknown>;
export type Picked = pacote.Manifest & ManifestResult;
type Picking = (spec: string | npa.Result, options?: Options) => Promise<Picked>;

/**
 * Replaces `pacote.manifest` until `close`, because arborist has no option for it: fetches the smallest document from
 * which npm picks the same version, 9 MB of 73 MB for an OpenClaw, and each document once.
 */
export class Manifests {
  readonly #options: ClientOptions;
  readonly #original = pacote.manifest as unknown as Picking;
  /** Key: the name, or `name@version` for a document about one version. */
  readonly #asked = new Map<string, Promise<Packument | null>>();
  /** Registries without documents about one version. */
  readonly #wholeOnly = new Set<string>();

  constructor(options: ClientOptions) {
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
    return this.#original(spec, { ...options, ...pickFrom(await this.#enoughFor(wanted, options)) });
  };

  /** Restores pacote, and frees the documents: they are most of the memory once the tree is known. */
  close(): void {
    Object.assign(pacote, { manifest: this.#original });
    this.#asked.clear();
  }

  async #enoughFor(wanted: npa.Result, options: Options): Promise<Packument> {
    const name = wanted.name ?? '';
    const registry = npmFetch.pickRegistry(name, this.#options);
    const isWhole = this.#asked.has(name) || this.#wholeOnly.has(registry);
    const version = isWhole ? null : enoughOf(wanted, options);
    const alone = version && (await this.#once(`${name}@${version}`, () => this.#alone(name, version)));
    if (alone && isPicked(alone, wanted, options)) return alone;
    const whole = await this.#once(name, () => fetchPackument(name, this.#options));
    if (version && !alone) this.#wholeOnly.add(registry);
    return whole;
  }

  #alone(name: string, version: string): Promise<Packument | null> {
    // That of OpenClaw was fetched a moment ago, and not every registry sends a lifetime.
    const how = name === 'openclaw' ? { preferOffline: true, preferOnline: false } : {};
    return versionDocument(name, version, { ...this.#options, ...how });
  }

  #once<T extends Packument | null>(id: string, ask: () => Promise<T>): Promise<T> {
    const known = (this.#asked.get(id) as Promise<T> | undefined) ?? ask();
    this.#asked.set(id, known);
    // A later request tries again.
    known.catch(() => this.#asked.delete(id));
    return known;
  }
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
