import { createHash, type Hash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import ssri, { type IntegrityMap } from 'ssri';
import { type Parser, type ReadEntry, UnpackSync } from 'tar';
import { OddArchive, OWN_FAULT, PlainWriter } from './fast-untar.js';
import { collectGarbage } from './gc.js';

/** Bytes of an archive in memory at once. */
const READ_BYTES = 256 * 1024;
const buffer = Buffer.allocUnsafe(READ_BYTES);

const GZIP = 0x1f8b;

export interface Unpacking {
  archive: string;
  /** Subresource Integrity; null when unknown, or when the caller checks it. */
  integrity: string | null;
  into: string;
}

/**
 * Unpacks as pacote does (modes, links, empty directories, `.gitignore`, first part of a path, entries that lead
 * outside), so that the tree is equal. Synchronous, because waiting for each file is most of the cost.
 * @throws errors of node-tar and of the disk; `EINTEGRITY` at the end
 */
export function unpack(unpacking: Unpacking): void {
  new GrowingArchive(unpacking).end();
}

/** Archive that `unpack` can process while it still grows. */
export class GrowingArchive {
  readonly #unpacking: Unpacking;
  #writer: PlainWriter | null = null;
  #reader: Reader | null = null;
  #failure: unknown = null;

  constructor(unpacking: Unpacking) {
    this.#unpacking = unpacking;
  }

  /** Unpacks to the present end of the file; `end` throws any failure. */
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

  /** Must be called after the last byte. Throws the errors of `unpack`. */
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

  /** Must be called instead of `end` when the archive stays incomplete. */
  drop(): void {
    this.#reader?.close();
    this.#writer?.close();
  }

  /** node-tar handles every archive, but costs twice as much. */
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

class Reader {
  readonly #unpacking: Unpacking;
  readonly #parser: Parser;
  readonly #state: { failure: Error | null };
  readonly #wanted: IntegrityMap | null;
  readonly #algorithm: string;
  readonly #hash: Hash | null;
  #file: number | null;
  #compressed: boolean | null = null;

  /** @param state holds the first failure, from the parser's owner */
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

  read(): void {
    while (this.#file !== null && !this.#state.failure) {
      const length = readSync(this.#file, buffer);
      if (length === 0) break;
      const bytes = buffer.subarray(0, length);
      const isFirst = this.#compressed === null;
      this.#compressed ??= length > 1 && bytes.readUInt16BE() === GZIP;
      this.#hash?.update(bytes);
      // node-tar keeps a part of uncompressed or very short input until the rest arrives, so it gets a copy.
      this.#parser.write(isFirst || !this.#compressed ? Buffer.from(bytes) : bytes);
      // Unpacked bytes are about four times the packed ones.
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
    // npm continues when it cannot write a file, as on a full disk, and the package would lack files.
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

/** Filter for one archive: accepts the entries that npm accepts, and sets npm's mode and name. */
function keeper(): (entry: ReadEntry) => boolean {
  const ignoreFiles = new Set<string>();
  return (entry) => {
    // Skips links, devices and directories; files create their own.
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
