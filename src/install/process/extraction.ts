import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type Arborist from '@npmcli/arborist';
import npa from 'npm-package-arg';
import pacote from 'pacote';
import { systemCode } from '../../core/errors.js';
import { findInCache, moveIntoCache } from './archive-cache.js';
import { download } from './download.js';
import { moveInto } from './move.js';
import type { PackageCopy } from './reuse.js';
import type { Work } from './unpack-thread.js';
import { Unpacker } from './unpacker.js';

type Extract = typeof pacote.extract;
type Options = NonNullable<Parameters<Extract>[2]>;
type Result = Awaited<ReturnType<Extract>>;

type Archive = Pick<Arborist.Node, 'name' | 'resolved' | 'integrity'>;

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
 * Replaces `pacote.extract` until `close`: npm's libraries deliver the bytes (cache, proxy, credentials)
 * and our thread unpacks them. A package moves to its place only after its whole archive was verified.
 */
export class Extraction {
  readonly #options: ExtractionOptions;
  readonly #unpacker = new Unpacker();
  readonly #original: Extract = pacote.extract;
  /** Directories of early starts that have not moved to their place, by checksum. */
  readonly #begun = new Map<string, Promise<string>>();
  #last = 0;

  constructor(options: ExtractionOptions) {
    this.#options = options;
    rmSync(options.scratch, { recursive: true, force: true });
    mkdirSync(options.scratch, { recursive: true });
    // Arborist has no option for it. If it loads another copy of pacote, unpacking is only slower.
    Object.assign(pacote, { extract: this.#extract });
  }

  /** Starts an archive without a place; an extraction with its checksum takes it, and `close` removes the rest. */
  begin({ name, resolved, integrity }: Archive, options: Options): void {
    if (!integrity || !/^https?:/.test(resolved ?? '') || this.#begun.has(integrity)) return;
    const unpacked = this.#unpack(`${name}@${resolved}`, { ...options, integrity });
    // The extraction of the package tries again and reports the error.
    unpacked.catch(() => {});
    this.#begun.set(integrity, unpacked);
  }

  async close(): Promise<void> {
    Object.assign(pacote, { extract: this.#original });
    await this.#unpacker.close();
    rmSync(this.#options.scratch, { recursive: true, force: true });
  }

  readonly #extract = async (spec: string, into = '', options: Options = {}): Promise<Result> => {
    const integrity = String(options.integrity ?? '');
    this.#options.check(into, integrity);
    const begun = await this.#begun.get(integrity)?.catch(() => null);
    // False where another place has the same package, and was first.
    const isFree = this.#begun.delete(integrity);
    moveInto((isFree && begun) || (await this.#unpack(spec, options)), into);
    return { from: spec, resolved: options.resolved ?? spec, integrity };
  };

  async #unpack(spec: string, options: Options): Promise<string> {
    const into = join(this.#options.scratch, String(++this.#last));
    const { type, fetchSpec } = npa(spec, options.where);
    const [cache, integrity] = [String(options.cache), String(options.integrity)];
    const copy = this.#options.copies.get(integrity);
    const cached = type === 'file' ? fetchSpec : options.preferOnline ? null : findInCache(cache, integrity);
    const works: Work[] = [];
    if (copy) works.push({ kind: 'copy', copy, into });
    if (cached) works.push({ kind: 'unpack', archive: cached, integrity, into });
    for (const work of works) {
      try {
        await this.#unpacker.run(work);
        return into;
      } catch (error) {
        // An archive beside the lockfile is nowhere else.
        if (type === 'file' || !isPassedOver(error)) throw error;
        rmSync(into, { recursive: true, force: true });
      }
    }
    const archive = `${into}.tgz`;
    await download(spec, archive, options, this.#options.onFetched);
    // The download verified the checksum.
    await this.#unpacker.run({ kind: 'unpack', archive, integrity: null, into });
    await moveIntoCache(cache, integrity, spec, archive);
    rmSync(archive, { force: true });
    return into;
  }
}

/** Returns true for a source that is damaged, changed or gone, because there are others. */
function isPassedOver(error: unknown): boolean {
  return /^(ESTALE|ENOENT|ENOTDIR|EACCES|EIO|EINTEGRITY|corrupt_files|Z_|TAR_)/.test(systemCode(error) ?? '');
}
