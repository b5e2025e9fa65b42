import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import { valid } from 'semver';
import { ReleasesError } from '../../core/errors.js';
import type { ClientOptions } from '../../registry/client.js';
import { isManifest } from '../../registry/packument.js';
import { versionDocument } from '../../registry/version-document.js';
import { type Json, readDocument, readVersion, record, shorten } from './document.js';
import { cacheDocument, readCachedDocument } from './document-cache.js';

interface Question {
  name: string;
  path: string;
  /** Key in the document cache. */
  id: string;
  how?: Partial<npmFetch.Options>;
  read: (body: unknown) => Promise<Json>;
}

/** Requests each document once, in full: the short form lacks the C library, and npm would install other packages. */
export class Documents {
  readonly #options: ClientOptions;
  readonly #only: { name: string; version: string };
  /** Key: the name, or `name@version` for a document about one version. */
  readonly #asked = new Map<string, Promise<Json>>();

  /** @param only package of which only one version is wanted, so this version is its whole document */
  constructor(options: ClientOptions, only: { name: string; version: string }) {
    this.#options = options;
    this.#only = only;
  }

  /** Returns true after a request for the whole document. */
  has(name: string): boolean {
    return this.#asked.has(name);
  }

  whole(name: string): Promise<Json> {
    const read = (body: unknown) => readDocument(body, name, this.#withTimes);
    const question = { name, path: pathOf(name), id: name, read };
    return this.#once(name, () =>
      name === this.#only.name ? this.#askForOnly(question) : this.#ask(question),
    );
  }

  /**
   * Requests a document about one version, mostly a thousandth of the whole. Tries once, because not every registry has
   * one and the caller then requests the whole.
   * @param wanted exact version, or `latest`
   * @throws errors of the request, and SyntaxError for any other document
   */
  alone(name: string, wanted: string): Promise<Json> {
    const id = `${name}@${wanted}`;
    const read = async (body: unknown) => aloneOf(name, wanted, await readVersion(body));
    const path = `${pathOf(name)}/${encodeURIComponent(wanted)}`;
    return this.#once(id, () => this.#ask({ name, path, id, read, how: { retry: { retries: 0 } } }));
  }

  forget(): void {
    this.#asked.clear();
  }

  #once(id: string, ask: () => Promise<Json>): Promise<Json> {
    const known = this.#asked.get(id) ?? ask();
    this.#asked.set(id, known);
    // A later request tries again.
    known.catch(() => this.#asked.delete(id));
    return known;
  }

  /** Prefers npm's cache: the requester has just asked for this, and not every registry sends a lifetime. */
  async #askForOnly({ read, ...question }: Question): Promise<Json> {
    const { name, version } = this.#only;
    const alone = await versionDocument(name, version, { ...this.#options, preferOffline: true });
    if (alone) return shorten({ name, versions: { [version]: alone } }, false);
    const through = async (how: Partial<npmFetch.Options>) =>
      read((await this.#request({ ...question, how })).body);
    const found = await through({ preferOffline: true });
    return version in record(found.versions) ? found : through({ preferOnline: true });
  }

  async #ask({ read, id, ...question }: Question): Promise<Json> {
    const { cache, offline, preferOffline } = this.#options;
    const registry = npmFetch.pickRegistry(question.name, this.#options);
    const place = { cache, registry, name: id, withTimes: this.#withTimes };
    const kept = await readCachedDocument(place);
    if (kept && (offline || preferOffline)) return kept.document;
    try {
      // Without a network only npm's cache is left.
      const past = offline ? {} : { cache: undefined };
      const response = await this.#request(
        { ...question, how: { ...question.how, ...past } },
        kept?.question,
      );
      if (kept && response.status === 304) return kept.document;
      const document = await read(response.body);
      await cacheDocument(place, document, response.headers);
      return document;
    } catch (error) {
      // The stored document is used when the registry cannot be reached, as in npm.
      if (kept && !isAnswer(error)) return kept.document;
      throw error;
    }
  }

  #request({ name, path, how }: Omit<Question, 'id' | 'read'>, headers: Record<string, string> = {}) {
    return npmFetch(path, {
      ...this.#options,
      ...how,
      headers: { accept: 'application/json', ...headers },
      spec: npa(name),
    });
  }

  get #withTimes(): boolean {
    return this.#options.before !== undefined && this.#options.before !== null;
  }
}

function pathOf(name: string): string {
  return `/${npa(name).escapedName}`;
}

/** @throws SyntaxError for a document about anything else */
function aloneOf(name: string, wanted: string, manifest: Json): Json {
  const version = String(manifest.version);
  const fits = wanted === 'latest' ? valid(version) === version : version === wanted;
  if (!fits || !isManifest(manifest) || manifest.name !== name || record(manifest.dist).tarball === undefined)
    throw new SyntaxError(`The registry has no document of ${name}@${wanted} alone.`);
  return {
    name,
    'dist-tags': wanted === 'latest' ? { latest: version } : {},
    versions: { [version]: manifest },
  };
}

/** Returns true when the registry answered, even with an error or no document. */
function isAnswer(error: unknown): boolean {
  const isDocument = error instanceof SyntaxError || error instanceof ReleasesError;
  return isDocument || (error instanceof Object && 'statusCode' in error);
}
