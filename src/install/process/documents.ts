import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import { valid } from 'semver';
import type { ClientOptions } from '../../registry/client.js';
import { versionDocument } from '../../registry/version-document.js';
import { type Json, readDocument, readVersion, record, shorten } from './document.js';
import { keepDocument, recallDocument } from './document-cache.js';

/** What is asked for of a registry, and what is made of the answer. */
interface Question {
  name: string;
  path: string;
  /** By what it is kept. */
  id: string;
  how?: Partial<npmFetch.Options>;
  read: (body: unknown) => Promise<Json>;
}

/**
 * A registry's documents about packages, each asked for once. In full: the short form does not say which C library a
 * package is for, and npm would install others.
 */
export class Documents {
  readonly #options: ClientOptions;
  readonly #only: { name: string; version: string };
  /** By the name of the package, with the version where it is of that alone. */
  readonly #asked = new Map<string, Promise<Json>>();

  /** @param only the package of which one version is wanted and no other, so that it is the whole document of it */
  constructor(options: ClientOptions, only: { name: string; version: string }) {
    this.#options = options;
    this.#only = only;
  }

  /** Whether the whole document of a package has been asked for. */
  has(name: string): boolean {
    return this.#asked.has(name);
  }

  whole(name: string): Promise<Json> {
    const read = (body: unknown) => readDocument(body, this.#withTimes);
    const question = { name, path: pathOf(name), id: name, read };
    return this.#once(name, () =>
      name === this.#only.name ? this.#askForOnly(question) : this.#ask(question),
    );
  }

  /**
   * A document that knows one version and no other: a thousandth of the whole one, mostly. It is asked for with one try, as
   * whoever gets none has to ask for the whole one: not every registry has such.
   * @param wanted an exact version, or `latest`
   * @throws errors of the request, and SyntaxError for what is no such document
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
    // Whoever asks again may have more luck.
    known.catch(() => this.#asked.delete(id));
    return known;
  }

  /** Whoever ordered the work has just asked for the same, and not every registry says for how long an answer is good. */
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
    const kept = await recallDocument(place);
    if (kept && (offline || preferOffline)) return kept.document;
    try {
      // Without a network there is only what npm has kept.
      const past = offline ? {} : { cache: undefined };
      const response = await this.#request(
        { ...question, how: { ...question.how, ...past } },
        kept?.question,
      );
      if (kept && response.status === 304) return kept.document;
      const document = await read(response.body);
      await keepDocument(place, document, response.headers);
      return document;
    } catch (error) {
      // One that cannot be reached says nothing of it; npm goes on with what it has, too.
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

/** @throws SyntaxError for what says that it is something else */
function aloneOf(name: string, wanted: string, manifest: Json): Json {
  const version = String(manifest.version);
  const fits = wanted === 'latest' ? valid(version) === version : version === wanted;
  if (!fits || manifest.name !== name || record(manifest.dist).tarball === undefined)
    throw new SyntaxError(`The registry has no document of ${name}@${wanted} alone.`);
  return {
    name,
    'dist-tags': wanted === 'latest' ? { latest: version } : {},
    versions: { [version]: manifest },
  };
}

/** Whether the registry has answered, though with an error or no document. */
function isAnswer(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Object && 'statusCode' in error);
}
