import { checkEngine, checkPlatform } from 'npm-install-checks';
import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import pacote, { type ManifestResult } from 'pacote';
import { clean, satisfies, valid } from 'semver';
import type { ClientOptions } from '../../registry/client.js';
import { type Json, record } from './document.js';
import { Documents } from './documents.js';

export type Picked = pacote.Manifest & ManifestResult;

type Picking = (spec: string | npa.Result, options?: Json) => Promise<Picked>;

/** Pacote's cache keys of full documents. */
const KEY = /^full:/;

/** Gives pacote the smallest document with the same choice of version: 9 MB of 73 MB for an OpenClaw. */
export class Packuments {
  readonly #options: ClientOptions;
  readonly #documents: Documents;
  readonly #only: string;
  readonly #followed = new Set<string>();
  /** Exact versions that packages require, by package name. */
  readonly #pins = new Map<string, string[]>();
  /** Registries without documents about one version. */
  readonly #wholeOnly = new Set<string>();
  readonly #onPick: (picked: Picked) => void;
  readonly #original = pacote.manifest as unknown as Picking;
  #isOver = false;

  /** @param onPick receives each version for this platform that `follow` reaches; most will be in the tree */
  constructor(
    options: ClientOptions,
    only: { name: string; version: string },
    onPick: (picked: Picked) => void = () => {},
  ) {
    this.#options = options;
    this.#documents = new Documents(options, only);
    this.#only = only.name;
    this.#onPick = onPick;
    // Arborist's own option lacks the wanted version. With another copy of pacote arborist is only slower.
    Object.assign(pacote, { manifest: this.manifest });
  }

  /** Replaces `pacote.manifest` until `close`. */
  readonly manifest: Picking = (spec, options = {}) =>
    this.#original(spec, { ...options, packumentCache: this.#cacheFor(npa(spec as string), options) });

  close(): void {
    Object.assign(pacote, { manifest: this.#original });
  }

  /**
   * Requests all possible dependencies at once, because arborist works level by level and mostly waits for the network.
   * Ignores failures; arborist reports them.
   * @param isInstalled false below a package for another platform
   */
  async follow(name: string, spec: string, isInstalled = true): Promise<void> {
    const id = `${name}@${spec}`;
    if (this.#isOver || this.#followed.has(id)) return;
    this.#followed.add(id);
    if (valid(spec)) this.#pins.set(name, [...(this.#pins.get(name) ?? []), spec]);
    // npm installs no other version beside it where it can.
    else if (this.#pins.get(name)?.some((pin) => satisfies(pin, spec))) return;
    try {
      const parsed = npa.resolve(name, spec);
      if (!parsed.registry) return;
      const manifest = await this.manifest(id, { ...this.#options, fullMetadata: true });
      if (this.#isOver) return;
      const fits = isInstalled && isForThisPlatform(manifest);
      if (fits) this.#onPick(manifest);
      await Promise.all(needs(manifest as unknown as Json).map((need) => this.follow(...need, fits)));
    } catch {
      // Arborist requests it again.
    }
  }

  /** Requests packages that are probably needed. Ignores failures; arborist reports them. */
  expect(names: Iterable<string>): void {
    for (const name of names) this.#enoughFor(npa.resolve(name, '*'), this.#options).catch(() => {});
  }

  /** Stops `follow` and frees the documents once the tree is known: they are most of the memory then. */
  forget(): void {
    this.#isOver = true;
    this.#documents.forget();
  }

  /** Replaces pacote's document cache of one command. */
  #cacheFor(spec: npa.Result, options: Json) {
    // Alias `other@npm:this@1` means `this`.
    const wanted = (spec as npa.AliasResult).subSpec ?? spec;
    return {
      has: (key: string) => KEY.test(key),
      get: () => this.#enoughFor(wanted, options),
      set: () => {},
      delete: () => false,
    };
  }

  /** Finds a document from which pacote picks the version that it would pick from the whole one. */
  async #enoughFor(wanted: npa.Result, options: Json): Promise<Json> {
    const name = wanted.name ?? '';
    const registry = npmFetch.pickRegistry(name, this.#options);
    const isWhole = name === this.#only || this.#documents.has(name) || this.#wholeOnly.has(registry);
    const version = isWhole ? null : enoughOf(wanted, options);
    if (version === null) return this.#documents.whole(name);
    const alone = await this.#documents.alone(name, version).catch(() => null);
    if (alone && isPicked(alone, wanted, options)) return alone;
    const whole = await this.#documents.whole(name);
    if (!alone) this.#wholeOnly.add(registry);
    return whole;
  }
}

/** Version or tag whose own document may be enough; null when the choice depends on other versions. */
function enoughOf({ type, fetchSpec }: npa.Result, { before, avoid, defaultTag }: Json): string | null {
  if (before || avoid || (defaultTag && defaultTag !== 'latest')) return null;
  if (type === 'version') return clean(fetchSpec ?? '', { loose: true });
  return type === 'range' ? 'latest' : null;
}

/** Returns true when npm picks this version regardless of all others (`npm-pick-manifest`). */
function isPicked(alone: Json, { type, fetchSpec }: npa.Result, options: Json): boolean {
  if (type === 'version') return true;
  const [manifest] = Object.values(record(alone.versions)) as pacote.Manifest[];
  if (!manifest || manifest.deprecated) return false;
  const fits = fetchSpec === '*' || satisfies(manifest.version, fetchSpec ?? '', { loose: true });
  const { npmVersion = null, nodeVersion = process.version } = options as Record<string, string | null>;
  return fits && passes(() => checkEngine(manifest, npmVersion ?? null, nodeVersion ?? null));
}

function isForThisPlatform(manifest: Picked): boolean {
  return passes(() => checkPlatform(manifest));
}

function passes(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function needs(manifest: Json): [name: string, spec: string][] {
  const bundled = new Set((manifest.bundleDependencies as string[] | undefined) ?? []);
  const meta = record(manifest.peerDependenciesMeta);
  const peers = Object.entries(record(manifest.peerDependencies)).filter(
    ([name]) => record(meta[name]).optional !== true,
  );
  return [
    ...Object.entries(record(manifest.dependencies)),
    ...Object.entries(record(manifest.optionalDependencies)),
    ...peers,
  ]
    .filter(([name]) => !bundled.has(name))
    .map(([name, spec]) => [name, String(spec)]);
}
