import { createHash, type Hash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import ssri, { type IntegrityMap } from 'ssri';
import { type Parser, type ReadEntry, UnpackSync } from 'tar';
import { OddArchive, OWN_FAULT, PlainWriter } from './fast-untar.js';
import { collectGarbage } from './gc.js';

/** How much of an archive is in memory at once. */
const READ_BYTES = 256 * 1024;
const buffer = Buffer.allocUnsafe(READ_BYTES);

/** How a gzip file begins. */
const GZIP = 0x1f8b;

/** An archive on disk, and the directory to make of it. */
export interface Unpacking {
  archive: string;
  /** Subresource Integrity, or null where nobody knows it, or somebody else checks it. */
  integrity: string | null;
  into: string;
}

/**
 * Unpacks as npm does: the modes, what becomes of links, of empty directories, of `.gitignore`, of the first directory and of entries that
 * lead outside are those of pacote, so that the tree is the same. Without waiting for each file, as the waiting is most
 * of what unpacking costs.
 * @throws errors of node-tar and of the disk, and one with the code `EINTEGRITY` at the end
 */
export function unpack(unpacking: Unpacking): void {
  new GrowingArchive(unpacking).end();
}

/** An archive that is unpacked, as `unpack` does, while it comes. */
export class GrowingArchive {
  readonly #unpacking: Unpacking;
  #writer: PlainWriter | null = null;
  #reader: Reader | null = null;
  #failure: unknown = null;

  constructor(unpacking: Unpacking) {
    this.#unpacking = unpacking;
  }

  /** Goes as far as the archive has come. What is wrong is told at the end. */
  more(): void {
    if (this.#failure) return;
    try {
      this.#writer ??= new PlainWriter(this.#unpacking.into, keeper());
      this.#reader ??= new Reader(this.#unpacking, this.#writer.parser, this.#writer);
      this.#reader.read();
    } catch (failure) {
      this.#failure = failure;
    }
  }

  /**
   * To be called when all of it has come.
   * @throws what `unpack` does
   */
  end(): void {
    this.more();
    try {
      if (this.#failure) throw this.#failure;
      this.#reader?.end();
    } catch (failure) {
      if (!(failure instanceof OddArchive)) throw failure;
      this.#unpackOddly();
    } finally {
      this.drop();
    }
  }

  /** To be called instead when it does not come to its end. */
  drop(): void {
    this.#reader?.close();
    this.#writer?.close();
  }

  /** node-tar knows what to do with everything, at twice the price. */
  #unpackOddly(): void {
    const { into } = this.#unpacking;
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into);
    const errors = { failure: null as Error | null };
    const reader = new Reader(this.#unpacking, createUnpacker(into, errors), errors);
    try {
      reader.read();
      reader.end();
    } finally {
      reader.close();
    }
  }
}

/** Gives an archive to a parser, and checks it. */
class Reader {
  readonly #unpacking: Unpacking;
  readonly #parser: Parser;
  readonly #state: { failure: Error | null };
  readonly #wanted: IntegrityMap | null;
  readonly #algorithm: string;
  readonly #hash: Hash | null;
  #file: number | null;
  #compressed: boolean | null = null;

  /** @param state where the parser's owner puts the first thing that went wrong */
  constructor(unpacking: Unpacking, parser: Parser, state: { failure: Error | null }) {
    const { archive, integrity } = unpacking;
    this.#unpacking = unpacking;
    this.#parser = parser;
    this.#state = state;
    this.#wanted = integrity === null ? null : ssri.parse(integrity);
    this.#algorithm = this.#wanted?.pickAlgorithm() ?? 'sha512';
    this.#hash = this.#wanted && createHash(this.#algorithm);
    this.#file = openSync(archive, 'r');
  }

  /** To where the file ends at this moment. */
  read(): void {
    while (this.#file !== null && !this.#state.failure) {
      const length = readSync(this.#file, buffer);
      if (length === 0) break;
      const bytes = buffer.subarray(0, length);
      const isFirst = this.#compressed === null;
      this.#compressed ??= length > 1 && bytes.readUInt16BE() === GZIP;
      this.#hash?.update(bytes);
      // Of an archive that is not compressed, and of what is too short to tell, node-tar keeps a part until the rest has come.
      this.#parser.write(isFirst || !this.#compressed ? Buffer.from(bytes) : bytes);
      // What was packed is a quarter of what is unpacked.
      collectGarbage(4 * length);
    }
    if (this.#state.failure) throw this.#state.failure;
  }

  end(): void {
    this.#parser.end();
    if (this.#state.failure) throw this.#state.failure;
    const found = this.#hash && ssri.fromHex(this.#hash.digest('hex'), this.#algorithm);
    if (!found || this.#wanted?.match(found)) return;
    const { archive, integrity } = this.#unpacking;
    throw Object.assign(new Error(`${archive} is not ${integrity}`), { code: 'EINTEGRITY' });
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function createUnpacker(into: string, errors: { failure: Error | null }): UnpackSync {
  const keep = keeper();
  const unpacker = new UnpackSync({
    cwd: into,
    strip: 1,
    umask: 0,
    noMtime: true,
    preserveOwner: false,
    filter: (_path, entry) => keep(entry as ReadEntry),
    // npm goes on when a file cannot be written, as on a full disk: the package would be one with holes.
    onwarn: (code, _message, data) => {
      const { syscall, code: reason } = data as { syscall?: string; code?: string };
      if (code !== 'TAR_ENTRY_ERROR' || !syscall || OWN_FAULT.test(reason ?? '')) return;
      errors.failure ??= data as unknown as Error;
    },
  });
  unpacker.on('error', (error) => {
    errors.failure ??= error as Error;
  });
  return unpacker;
}

/** Whether npm takes an entry of one archive, which gets the mode and the name that npm gives it. */
function keeper(): (entry: ReadEntry) => boolean {
  const ignoreFiles = new Set<string>();
  return (entry) => {
    // Links and devices, and directories that nothing is in.
    if (!/File$/.test(entry.type)) return false;
    entry.mode = (entry.mode ?? 0) | 0o666;
    const name = basename(entry.path);
    if (name === '.npmignore') ignoreFiles.add(entry.path);
    if (name !== '.gitignore') return true;
    const renamed = entry.path.replace(/\.gitignore$/, '.npmignore');
    if (ignoreFiles.has(renamed)) return false;
    entry.path = renamed;
    return true;
  };
}
