import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import npa from 'npm-package-arg';
import pacote from 'pacote';
import { systemCode } from '../../core/errors.js';
import { findInCache, moveIntoCache } from './archive-cache.js';
import { collectGarbage } from './gc.js';
import { makeProgramsExecutable, moveInto } from './move.js';
import type { PackageCopy, SimilarPackage } from './reuse.js';
import { Limit } from './semaphore.js';
import { type Growing, Unpackers } from './unpack-pool.js';

/** Parallel downloads: enough for a network. npm starts hundreds and keeps a part of each in memory. */
const FETCHES = 4;
/** Parallel unpackings: enough to keep the threads busy, few enough that an urgent one starts soon. */
const UNPACKINGS = 16;

type Extract = typeof pacote.extract;
type Options = NonNullable<Parameters<Extract>[2]>;
type Result = Awaited<ReturnType<Extract>>;

/**
 * Replaces `pacote.extract` until `close`: pacote delivers the bytes (cache, proxy, credentials, retries, checksums)
 * and our threads unpack them. A package moves to its place only after its whole archive was verified.
 */
export class Extraction {
  readonly #scratch: string;
  readonly #unpackers = new Unpackers();
  readonly #fetches = new Limit(FETCHES);
  readonly #unpackings = new Limit(UNPACKINGS);
  readonly #original: Extract = pacote.extract;
  /** Key: checksum. */
  readonly #begun = new Map<string, Promise<string>[]>();
  /** Key: checksum. */
  readonly #copies = new Map<string, PackageCopy>();
  #last = 0;

  /** @param scratch directory on the release's filesystem; created here, removed by `close` */
  constructor(scratch: string) {
    this.#scratch = scratch;
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    // Arborist has no option for it. If it loads another copy of pacote, unpacking is only slower.
    Object.assign(pacote, { extract: this.#extract });
  }

  /** Starts an archive without a place; an extraction with its checksum takes it, and `close` removes the rest. */
  begin(spec: string, options: Options & { integrity: string }, how?: { urgent: boolean }): void {
    if (!this.#begun.has(options.integrity)) this.#keep(options.integrity, this.#unpack(spec, options, how));
  }

  /** Takes packages from another release or the cache, and starts those that are probably needed. Downloads nothing. */
  beginSimilar(packages: readonly SimilarPackage[], { cache }: Options): void {
    for (const { integrity, copy } of packages) if (copy) this.#copies.set(integrity, copy);
    for (const { integrity, copy, pinned } of packages) {
      const isHere = copy || findInCache({ cache, integrity });
      if (isHere && !pinned) this.#keep(integrity, this.#guess({ cache, integrity }));
    }
  }

  async #guess(options: Options): Promise<string> {
    const into = this.#nextPlace();
    if (await this.#takeHere(into, options)) return into;
    throw new Error(`${options.integrity} is not here any more.`);
  }

  #keep(integrity: string, unpacked: Promise<string>): void {
    // The extraction of the package tries again and reports the error.
    unpacked.catch(() => {});
    this.#begun.set(integrity, [...(this.#begun.get(integrity) ?? []), unpacked]);
  }

  async close(): Promise<void> {
    Object.assign(pacote, { extract: this.#original });
    await this.#unpackers.close();
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  readonly #extract = async (spec: string, into = '', options: Options = {}): Promise<Result> => {
    const { type } = npa(spec, options.where);
    // npm packs directories and git repositories first.
    if (type === 'git' || type === 'directory') return this.#original(spec, into, options);
    const integrity = String(options.integrity ?? '');
    const begun = this.#begun.get(integrity)?.shift();
    // The early start only guessed the address, so a failure means another try.
    const directory = (await begun?.catch(() => null)) ?? (await this.#unpack(spec, options));
    if (type === 'file') makeProgramsExecutable(directory);
    moveInto(directory, into);
    return { from: spec, resolved: options.resolved ?? spec, integrity };
  };

  async #unpack(spec: string, options: Options, how?: { urgent: boolean }): Promise<string> {
    const into = this.#nextPlace();
    if (await this.#takeHere(into, options, how)) return into;
    const archive = await this.#fetch(spec, into, options);
    await moveIntoCache(options, spec, archive);
    rmSync(archive, { force: true });
    return into;
  }

  /** @returns true when another release or the cache had the package undamaged */
  async #takeHere(into: string, options: Options, how?: { urgent: boolean }): Promise<boolean> {
    const integrity = options.integrity ? String(options.integrity) : null;
    const copy = this.#copies.get(integrity ?? '');
    const archive = options.preferOnline ? null : findInCache(options);
    const ways = [
      copy && (() => this.#unpackers.copy(copy, into)),
      archive && (() => this.#unpackers.unpack({ archive, integrity, into })),
    ];
    for (const way of ways) {
      if (way && (await this.#unpackings.run(way, how).then(() => true, passOver))) return true;
      rmSync(into, { recursive: true, force: true });
    }
    return false;
  }

  /** @returns path of the archive, which is unpacked during the download */
  async #fetch(spec: string, into: string, options: Options): Promise<string> {
    let growing: Growing | undefined;
    const begin = (archive: string) => {
      // pacote verifies the checksum.
      growing = this.#unpackers.grow({ archive, integrity: null, into });
      return growing;
    };
    const archive = await this.#fetches.run(() => fetchArchive(spec, into, options, begin));
    await growing?.end();
    return archive;
  }

  #nextPlace(): string {
    return join(this.#scratch, String(++this.#last));
  }
}

/**
 * @param into directory to unpack into; pacote opens a file beside it for each try, even for a cache miss
 * @returns path of the archive
 */
function fetchArchive(
  spec: string,
  into: string,
  options: Options,
  begin: (archive: string) => Growing,
): Promise<string> {
  let tries = 0;
  const take = async (stream: NodeJS.EventEmitter) => {
    // A broken stream emits several errors, and only the first is awaited below.
    stream.on('error', () => {});
    const archive = `${into}.tgz.${++tries}`;
    const file = openSync(archive, 'w');
    const growing = begin(archive);
    try {
      for await (const bytes of stream as unknown as AsyncIterable<Buffer>) {
        writeFileSync(file, bytes);
        growing.more();
        collectGarbage(bytes.length);
      }
      return archive;
    } catch (error) {
      await growing.drop();
      rmSync(into, { recursive: true, force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  };
  // Without a network only the cache is left. Passes a copy, because pacote adds results to its options.
  const past = options.offline ? {} : { cache: undefined, preferOnline: true };
  return pacote.tarball.stream(spec, take, { ...options, ...past } as Options);
}

/** Passes over a source that is damaged, changed or gone, because there are others. */
function passOver(error: unknown): false {
  if (/^(ESTALE|ENOENT|ENOTDIR|EACCES|EIO|EINTEGRITY|Z_|TAR_)/.test(systemCode(error) ?? '')) return false;
  throw error;
}
