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

/** Enough for a network; npm begins hundreds, and keeps a part of each in memory. */
const FETCHES = 4;
/** Enough that the threads have work while this one is busy with documents; few enough that what is urgent is soon next. */
const UNPACKINGS = 16;

type Extract = typeof pacote.extract;
type Options = NonNullable<Parameters<Extract>[2]>;
type Result = Awaited<ReturnType<Extract>>;

/**
 * Does what `pacote.extract` does, and in its place while it is open: the bytes come from pacote (npm's cache, proxy,
 * credentials, retries and checksums), and threads of our own unpack them. Each package is unpacked aside and moved to
 * its place when all of it had the announced checksum, so nothing is ever used of one that had not.
 */
export class Extraction {
  readonly #scratch: string;
  readonly #unpackers = new Unpackers();
  readonly #fetches = new Limit(FETCHES);
  readonly #unpackings = new Limit(UNPACKINGS);
  readonly #original: Extract = pacote.extract;
  /** By checksum. */
  readonly #begun = new Map<string, Promise<string>[]>();
  /** By checksum. */
  readonly #copies = new Map<string, PackageCopy>();
  #last = 0;

  /** @param scratch a directory on the filesystem of the release, which is made, and removed by `close` */
  constructor(scratch: string) {
    this.#scratch = scratch;
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    // Arborist has no option for it. Should it ask for another pacote than this, it unpacks by itself, only slower.
    Object.assign(pacote, { extract: this.#extract });
  }

  /**
   * Begins with an archive whose place is not known yet, unless it was begun with; whoever extracts one with this
   * checksum first, gets it. What nobody extracts in the end is removed by `close`.
   */
  begin(spec: string, options: Options & { integrity: string }, how?: { urgent: boolean }): void {
    if (!this.#begun.has(options.integrity)) this.#keep(options.integrity, this.#unpack(spec, options, how));
  }

  /**
   * Takes packages that another release has from there, or out of the cache, and begins with those that will be wanted again
   * as far as anybody can tell; nothing is fetched for a guess.
   */
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
    // Whoever wants the package tries again, and is told.
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
    // A directory and a git repository are packed first, by npm's own means.
    if (type === 'git' || type === 'directory') return this.#original(spec, into, options);
    const integrity = String(options.integrity ?? '');
    const begun = this.#begun.get(integrity)?.shift();
    // What was begun with was a guess at where arborist would fetch it from.
    const directory = (await begun?.catch(() => null)) ?? (await this.#unpack(spec, options));
    if (type === 'file') makeProgramsExecutable(directory);
    moveInto(directory, into);
    return { from: spec, resolved: options.resolved ?? spec, integrity };
  };

  /** @returns where it was unpacked to */
  async #unpack(spec: string, options: Options, how?: { urgent: boolean }): Promise<string> {
    const into = this.#nextPlace();
    if (await this.#takeHere(into, options, how)) return into;
    const archive = await this.#fetch(spec, into, options);
    await moveIntoCache(options, spec, archive);
    rmSync(archive, { force: true });
    return into;
  }

  /** @returns whether another release or the cache had it, as it was */
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

  /**
   * Fetches an archive, and unpacks it while it comes.
   * @returns the archive
   */
  async #fetch(spec: string, into: string, options: Options): Promise<string> {
    let growing: Growing | undefined;
    const begin = (archive: string) => {
      // pacote checks what comes.
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
 * Fetches an archive, checking what comes.
 * @param into where it is unpacked to; beside it a file for each try of pacote, which opens one even to find that its cache has
 *   nothing, and forgets it
 * @param begin what is done with an archive while it comes
 * @returns the file
 */
function fetchArchive(
  spec: string,
  into: string,
  options: Options,
  begin: (archive: string) => Growing,
): Promise<string> {
  let tries = 0;
  const take = async (stream: NodeJS.EventEmitter) => {
    // One that breaks off tells so more than once, and only the first is waited for below.
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
  // Without a network there is only the cache. It adds what it finds out to the options that it is given.
  const past = options.offline ? {} : { cache: undefined, preferOnline: true };
  return pacote.tarball.stream(spec, take, { ...options, ...past } as Options);
}

/** What there is of it is damaged, not what was unpacked there, or gone by now: there are other ways to it. */
function passOver(error: unknown): false {
  if (/^(ESTALE|ENOENT|ENOTDIR|EACCES|EIO|EINTEGRITY|Z_|TAR_)/.test(systemCode(error) ?? '')) return false;
  throw error;
}
