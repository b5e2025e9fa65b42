import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import npa from 'npm-package-arg';
import pacote from 'pacote';
import { systemCode } from '../../core/errors.js';
import { findInCache, moveIntoCache } from './archive-cache.js';
import { moveInto } from './move.js';
import type { PackageCopy } from './reuse.js';
import type { Work } from './unpack-thread.js';
import { Unpacker } from './unpacker.js';

/** Parallel downloads: enough for a network. npm has 15, and keeps a part of each in memory. */
const FETCHES = 4;

type Extract = typeof pacote.extract;
type Options = NonNullable<Parameters<Extract>[2]>;
type Result = Awaited<ReturnType<Extract>>;

export interface ExtractionOptions {
  /** Directory on the release's filesystem; created here, removed by `close`. */
  scratch: string;
  /** Packages of kept releases, by the checksum of their archives. */
  copies: ReadonlyMap<string, PackageCopy>;
  /** Throws for a package that must not be fetched. */
  check(into: string, integrity: string): void;
  /** Called for each piece of an archive that the registry sends. */
  onFetched(bytes: number): void;
}

/**
 * Replaces `pacote.extract` until `close`: pacote delivers the bytes (cache, proxy, credentials, retries, checksums)
 * and our thread unpacks them. A package moves to its place only after its whole archive was verified.
 */
export class Extraction {
  readonly #options: ExtractionOptions;
  readonly #unpacker = new Unpacker();
  readonly #original: Extract = pacote.extract;
  /** Directories of early starts, by checksum, and those that have moved to their place. */
  readonly #begun = new Map<string, Promise<string>>();
  readonly #taken = new Set<string>();
  #last = 0;

  constructor(options: ExtractionOptions) {
    this.#options = options;
    rmSync(options.scratch, { recursive: true, force: true });
    mkdirSync(options.scratch, { recursive: true });
    // Arborist has no option for it. If it loads another copy of pacote, unpacking is only slower.
    Object.assign(pacote, { extract: this.#extract });
  }

  /** Starts an archive without a place; an extraction with its checksum takes it, and `close` removes the rest. */
  begin(spec: string, options: Options & { integrity: string }): void {
    if (this.#begun.has(options.integrity)) return;
    const unpacked = this.#unpack(spec, options);
    // The extraction of the package tries again and reports the error.
    unpacked.catch(() => {});
    this.#begun.set(options.integrity, unpacked);
  }

  async close(): Promise<void> {
    Object.assign(pacote, { extract: this.#original });
    await this.#unpacker.close();
    rmSync(this.#options.scratch, { recursive: true, force: true });
  }

  readonly #extract = async (spec: string, into = '', options: Options = {}): Promise<Result> => {
    const integrity = String(options.integrity ?? '');
    this.#options.check(into, integrity);
    const { type } = npa(spec, options.where);
    // npm packs directories and git repositories first.
    if (type === 'git' || type === 'directory') return this.#original(spec, into, options);
    const begun = await this.#begun.get(integrity)?.catch(() => null);
    const directory = begun && !this.#taken.has(begun) ? begun : null;
    if (directory) this.#taken.add(directory);
    const unpacked = directory ?? (await this.#unpack(spec, options));
    moveInto(unpacked, into);
    return { from: spec, resolved: options.resolved ?? spec, integrity };
  };

  async #unpack(spec: string, options: Options): Promise<string> {
    const into = join(this.#options.scratch, String(++this.#last));
    if (await this.#takeHere(into, options)) return into;
    const archive = await fetchArchive(spec, into, options, this.#options.onFetched);
    // pacote verified the checksum.
    await this.#unpacker.run({ kind: 'unpack', archive, integrity: null, into });
    await moveIntoCache(options, spec, archive);
    rmSync(archive, { force: true });
    return into;
  }

  /** @returns true when a kept release or the cache had the package undamaged */
  async #takeHere(into: string, options: Options): Promise<boolean> {
    const integrity = options.integrity ? String(options.integrity) : null;
    const copy = this.#options.copies.get(integrity ?? '');
    const archive = options.preferOnline ? null : findInCache(options);
    const works: Work[] = [];
    if (copy) works.push({ kind: 'copy', copy, into });
    if (archive) works.push({ kind: 'unpack', archive, integrity, into });
    for (const work of works) {
      try {
        await this.#unpacker.run(work);
        return true;
      } catch (error) {
        if (!isPassedOver(error)) throw error;
        rmSync(into, { recursive: true, force: true });
      }
    }
    return false;
  }
}

/**
 * @param into directory to unpack into; each try has a file beside it
 * @returns path of the archive
 */
function fetchArchive(
  spec: string,
  into: string,
  options: Options,
  onFetched: (bytes: number) => void,
): Promise<string> {
  let tries = 0;
  const take = async (stream: NodeJS.EventEmitter) => {
    // A broken stream emits several errors, and only the first is awaited below.
    stream.on('error', () => {});
    const archive = `${into}.tgz.${++tries}`;
    for await (const bytes of stream as unknown as AsyncIterable<Buffer>) {
      appendFileSync(archive, bytes);
      onFetched(bytes.length);
    }
    return archive;
  };
  // Without a network only the cache is left. Passes a copy, because pacote adds results to its options.
  const past = options.offline ? {} : { cache: undefined, preferOnline: true };
  const { maxSockets = FETCHES } = options as { maxSockets?: number };
  const how = { ...options, ...past, maxSockets: Math.min(FETCHES, maxSockets) };
  return pacote.tarball.stream(spec, take, how as Options);
}

/** Returns true for a source that is damaged, changed or gone, because there are others. */
function isPassedOver(error: unknown): boolean {
  return /^(ESTALE|ENOENT|ENOTDIR|EACCES|EIO|EINTEGRITY|corrupt_files|Z_|TAR_)/.test(systemCode(error) ?? '');
}
