import { checkPlatform } from 'npm-install-checks';
import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import pacote, { type ManifestResult } from 'pacote';
import { satisfies, valid } from 'semver';
import type { ClientOptions } from '../client.js';
import { versionDocument } from '../version-document.js';
import { type Json, readDocument, record, shorten } from './document.js';
import { keepDocument, recallDocument } from './document-cache.js';

/** What a package says of itself, and where its archive is. */
export type Picked = pacote.Manifest & ManifestResult;

const KEY = /^full:.*\/([^/]+)$/;

/**
 * The registry's documents about packages, each asked for once, in the place of the cache that pacote and arborist take
 * for it. In full: the short form does not say which C library a package is for, and npm would install others.
 */
export class Packuments {
  readonly #options: ClientOptions;
  /** By the name of the package. */
  readonly #documents = new Map<string, Promise<Json>>();
  readonly #followed = new Set<string>();
  /** Versions that are wanted and no others, by the name of the package. */
  readonly #pins = new Map<string, string[]>();
  readonly #onPick: (picked: Picked) => void;
  #isOver = false;

  readonly #asked: { name: string; version: string };

  /**
   * @param asked the package of which one version is wanted and no other
   * @param onPick told of each version that `follow` comes to and that is for this platform: most of them will be in the tree
   */
  constructor(
    options: ClientOptions,
    asked: { name: string; version: string },
    onPick: (picked: Picked) => void = () => {},
  ) {
    this.#options = options;
    this.#asked = asked;
    this.#onPick = onPick;
  }

  /** Always, for what pacote calls a full document: `get` asks for those that are not here. */
  has(key: string): boolean {
    return KEY.test(key);
  }

  get(key: string): Promise<Json> {
    return this.#document(nameIn(key));
  }

  set(): void {}

  delete(key: string): boolean {
    return this.#documents.delete(nameIn(key));
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
      const manifest = await pacote.manifest(id, this.#manifestOptions());
      if (this.#isOver) return;
      const fits = isInstalled && isForThisPlatform(manifest);
      if (fits) this.#onPick(manifest);
      await Promise.all(needs(manifest as unknown as Json).map((need) => this.follow(...need, fits)));
    } catch {
      // Then it is no help.
    }
  }

  /** Asks for those of packages that are probably needed; what cannot be had is left for arborist to find out. */
  expect(names: Iterable<string>): void {
    for (const name of names) void this.#document(name);
  }

  /** Follows nothing any more and lets go of all when the tree is known: they are most of what is in memory then. */
  forget(): void {
    this.#isOver = true;
    this.#documents.clear();
  }

  #manifestOptions() {
    return { ...this.#options, fullMetadata: true as const, packumentCache: this as never };
  }

  #document(name: string): Promise<Json> {
    const known = this.#documents.get(name) ?? this.#fetch(name);
    this.#documents.set(name, known);
    // Whoever asks again may have more luck.
    known.catch(() => this.#documents.delete(name));
    return known;
  }

  async #fetch(name: string): Promise<Json> {
    const { name: known, version } = this.#asked;
    if (name !== known) return this.#ask(name);
    // Whoever ordered the work has just asked for the same, and not every registry says for how long an answer is good.
    const alone = await versionDocument(name, version, { ...this.#options, preferOffline: true });
    if (alone) return shorten({ name, versions: { [version]: alone } }, false);
    const found = await this.#read(await this.#request(name, { preferOffline: true }));
    if (version in record(found.versions)) return found;
    return this.#read(await this.#request(name, { preferOnline: true }));
  }

  async #ask(name: string): Promise<Json> {
    const { cache, offline, preferOffline } = this.#options;
    const registry = npmFetch.pickRegistry(name, this.#options);
    const place = { cache, registry, name, withTimes: this.#withTimes };
    const kept = await recallDocument(place);
    if (kept && (offline || preferOffline)) return kept.document;
    try {
      // Without a network there is only what npm has kept.
      const past = offline ? {} : { cache: undefined };
      const response = await this.#request(name, past, kept?.question);
      if (kept && response.status === 304) return kept.document;
      const document = await this.#read(response);
      await keepDocument(place, document, response.headers);
      return document;
    } catch (error) {
      // One that cannot be reached says nothing of it; npm goes on with what it has, too.
      if (kept && !isAnswer(error)) return kept.document;
      throw error;
    }
  }

  #request(name: string, how: Partial<npmFetch.Options>, headers: Record<string, string> = {}) {
    return npmFetch(`/${npa(name).escapedName}`, {
      ...this.#options,
      ...how,
      headers: { accept: 'application/json', ...headers },
      spec: npa(name),
    });
  }

  #read({ body }: { body: unknown }): Promise<Json> {
    return readDocument(body, this.#withTimes);
  }

  get #withTimes(): boolean {
    return this.#options.before !== undefined && this.#options.before !== null;
  }
}

function isForThisPlatform(manifest: Picked): boolean {
  try {
    checkPlatform(manifest);
    return true;
  } catch {
    return false;
  }
}

/** Whether the registry has answered, though with an error or no document. */
function isAnswer(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Object && 'statusCode' in error);
}

function nameIn(key: string): string {
  return decodeURIComponent(KEY.exec(key)?.[1] ?? '');
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
