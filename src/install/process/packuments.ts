import { checkEngine, checkPlatform } from 'npm-install-checks';
import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import pacote, { type ManifestResult } from 'pacote';
import { clean, satisfies, valid } from 'semver';
import type { ClientOptions } from '../../registry/client.js';
import { type Json, record } from './document.js';
import { Documents } from './documents.js';

/** What a package says of itself, and where its archive is. */
export type Picked = pacote.Manifest & ManifestResult;

type Picking = (spec: string | npa.Result, options?: Json) => Promise<Picked>;

/** What pacote calls a document; not the short one. */
const KEY = /^full:/;

/**
 * What packages say of themselves, for arborist, each asked for once. pacote picks their versions, as ever, but out of the smallest
 * document that leads it to the version that it would pick out of the whole one: of 73 MB of documents for an OpenClaw nine remain.
 */
export class Packuments {
  readonly #options: ClientOptions;
  readonly #documents: Documents;
  readonly #only: string;
  readonly #followed = new Set<string>();
  /** Versions that are wanted and no others, by the name of the package. */
  readonly #pins = new Map<string, string[]>();
  /** Registries that have no documents of a version alone. */
  readonly #wholeOnly = new Set<string>();
  readonly #onPick: (picked: Picked) => void;
  readonly #original = pacote.manifest as unknown as Picking;
  #isOver = false;

  /**
   * @param only the package of which one version is wanted and no other
   * @param onPick told of each version that `follow` comes to and that is for this platform: most of them will be in the tree
   */
  constructor(
    options: ClientOptions,
    only: { name: string; version: string },
    onPick: (picked: Picked) => void = () => {},
  ) {
    this.#options = options;
    this.#documents = new Documents(options, only);
    this.#only = only.name;
    this.#onPick = onPick;
    // Arborist has an option for documents, which is not told what they are wanted for. Should it ask for another pacote than
    // this, it takes whole ones, only slower.
    Object.assign(pacote, { manifest: this.manifest });
  }

  /** Does what `pacote.manifest` does, and in its place until `close`. */
  readonly manifest: Picking = (spec, options = {}) =>
    this.#original(spec, { ...options, packumentCache: this.#cacheFor(npa(spec as string), options) });

  close(): void {
    Object.assign(pacote, { manifest: this.#original });
  }

  /**
   * Asks at once for all that a package may lead to, without waiting for where arborist places what: level by level, it
   * waits for the network most of the time. What cannot be had is left for arborist to find out.
   * @param spec as in `dependencies`
   * @param isInstalled false below a package that is for another platform
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
      // Then it is no help.
    }
  }

  /** Asks for packages that are probably needed; what cannot be had is left for arborist to find out. */
  expect(names: Iterable<string>): void {
    for (const name of names) this.#enoughFor(npa.resolve(name, '*'), this.#options).catch(() => {});
  }

  /** Follows nothing any more and lets go of all when the tree is known: they are most of what is in memory then. */
  forget(): void {
    this.#isOver = true;
    this.#documents.forget();
  }

  /** In the place of the one that pacote has for the documents of one command. */
  #cacheFor(spec: npa.Result, options: Json) {
    // Of `other@npm:this@1` it is this.
    const wanted = (spec as npa.AliasResult).subSpec ?? spec;
    return {
      has: (key: string) => KEY.test(key),
      get: () => this.#enoughFor(wanted, options),
      set: () => {},
      delete: () => false,
    };
  }

  /** A document out of which pacote picks what it would pick out of the whole one. */
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

/** The version, or the tag of one, whose own document may be enough; null where others are looked at in any case. */
function enoughOf({ type, fetchSpec }: npa.Result, { before, avoid, defaultTag }: Json): string | null {
  if (before || avoid || (defaultTag && defaultTag !== 'latest')) return null;
  if (type === 'version') return clean(fetchSpec ?? '', { loose: true });
  return type === 'range' ? 'latest' : null;
}

/** Whether npm takes the one version of a document whatever others there are (`npm-pick-manifest`). */
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
