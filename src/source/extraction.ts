import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import npa from 'npm-package-arg';
import pacote from 'pacote';
import { systemCode } from '../errors.js';
import { copyFromCache, moveIntoCache } from './archive-cache.js';
import { Limit } from './limit.js';
import { makeProgramsExecutable, moveInto } from './place.js';
import { Unpackers } from './unpackers.js';

/** Enough for a network; npm begins hundreds, and keeps a part of each in memory. */
const FETCHES = 4;
/** Two in work, and two ready. */
const UNPACKINGS = 4;

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
  readonly #begun = new Map<string, Promise<string>>();
  #last = 0;

  /** @param scratch a directory on the filesystem of the release, which is made, and removed by `close` */
  constructor(scratch: string) {
    this.#scratch = scratch;
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    // Arborist has no option for it. Should it ask for another pacote than this, it unpacks by itself, only slower.
    Object.assign(pacote, { extract: this.#extract });
  }

  /** Begins with an archive whose place is not known yet; whoever extracts one with this checksum first, gets it. */
  begin(spec: string, options: Options & { integrity: string }): void {
    const unpacked = this.#unpack(spec, options);
    // Whoever wants the package tries again, and is told.
    unpacked.catch(() => {});
    this.#begun.set(options.integrity, unpacked);
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
    const begun = this.#begun.get(integrity);
    this.#begun.delete(integrity);
    // What was begun with was a guess at where arborist would fetch it from.
    const directory = (await begun?.catch(() => null)) ?? (await this.#unpack(spec, options));
    if (type === 'file') makeProgramsExecutable(directory);
    moveInto(directory, into);
    return { from: spec, resolved: options.resolved ?? spec, integrity };
  };

  /** @returns where it was unpacked to */
  async #unpack(spec: string, options: Options): Promise<string> {
    const into = join(this.#scratch, String(++this.#last));
    const integrity = options.integrity ? String(options.integrity) : null;
    const unpack = (archive: string) =>
      this.#unpackings.run(() => this.#unpackers.unpack({ archive, integrity, into }));
    const copy = `${into}.tgz`;
    if (!options.preferOnline && (await copyFromCache(options, copy))) {
      if (await unpack(copy).then(() => true, passOver)) {
        rmSync(copy);
        return into;
      }
      rmSync(into, { recursive: true, force: true });
    }
    const archive = await this.#fetches.run(() => fetchArchive(spec, copy, options));
    await unpack(archive);
    await moveIntoCache(options, spec, archive);
    rmSync(archive, { force: true });
    return into;
  }
}

/**
 * Fetches an archive, checking what comes.
 * @param path where to; a file beside it for each try of pacote, which opens one even to find that its cache has nothing,
 *   and forgets it
 * @returns the file
 */
function fetchArchive(spec: string, path: string, options: Options): Promise<string> {
  let tries = 0;
  const take = async (stream: NodeJS.EventEmitter) => {
    // One that breaks off tells so more than once, and only the first is waited for below.
    stream.on('error', () => {});
    const archive = `${path}.${++tries}`;
    const file = openSync(archive, 'w');
    try {
      for await (const bytes of stream as unknown as AsyncIterable<Buffer>) writeFileSync(file, bytes);
      return archive;
    } finally {
      closeSync(file);
    }
  };
  // Without a network there is only the cache. It adds what it finds out to the options that it is given.
  const past = options.offline ? {} : { cache: undefined, preferOnline: true };
  return pacote.tarball.stream(spec, take, { ...options, ...past } as Options);
}

/** What the cache has of it is damaged: pacote finds that out as well, removes it and fetches it anew. */
function passOver(error: unknown): false {
  if (/^(EINTEGRITY|Z_|TAR_)/.test(systemCode(error) ?? '')) return false;
  throw error;
}
