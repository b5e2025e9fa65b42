import { createHash, hash as hashAtOnce } from 'node:crypto';
import { closeSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { END_OF_TAR, headerBytes, paddingOf, sizeIn, tarHeader } from '../host/tar-header.js';
import { copyFromBase } from './base.js';
import { decompress } from './codec.js';
import { invalid, NODE, type Packed, TREE } from './pack.js';
import { type PackHead, payloadOf } from './read.js';

export interface Unpacking {
  /** The release; must be empty. */
  directory: string;
  /** File for its Node; null where that is not needed. */
  node: string | null;
  /** Files of the base by their digests; none without a base. */
  base: ReadonlyMap<string, string>;
  signal?: AbortSignal | undefined;
  /** Called after each file. */
  onFile?: (done: number, total: number) => void;
}

/**
 * Unpacks the payload of a pack. Writes a file only where the list names one, and compares each with its digest while it
 * is written; stops at the first byte that is not as packed.
 * @throws ReleasesError `pack_invalid`, `pack_unsuitable`; system errors such as ENOSPC
 */
export async function unpackPayload(fd: number, head: PackHead, wanted: Unpacking): Promise<void> {
  const { pack, payloadAt } = head;
  const { codec, bytes } = pack.payload;
  const { directory, signal } = wanted;
  const source = payloadOf(fd, payloadAt, bytes);
  for (const path of pack.directories) mkdirSync(join(directory, path), { recursive: true });
  await decompress(codec, source, signal, async (pieces) => {
    const unpacking = unpackEntries(head, wanted);
    try {
      unpacking.next();
      for await (const piece of pieces) unpacking.next(piece);
      unpacking.next(null);
    } finally {
      // Closes the file that was being written.
      unpacking.return();
    }
  }).catch((error) => {
    throw isOfCodec(error) ? invalid(`its payload cannot be decompressed (${error.message})`, error) : error;
  });
}

/** Pauses wherever it needs more of the payload, and only there: a promise for each file costs more than its content. */
type Unpacked<T = void> = Generator<undefined, T, Buffer | null>;

function* unpackEntries({ pack, tree }: PackHead, { directory, base, node, onFile }: Unpacking): Unpacked {
  const stream = new Pieces();
  const made = new Set<string>();
  let left = pack.bytes;
  for (const [at, entry] of tree.entries()) {
    const path = join(directory, entry.path);
    const above = dirname(path);
    if (!made.has(above)) mkdirSync(above, { recursive: true });
    made.add(above);
    const known = 'sha256' in entry ? base.get(entry.sha256) : undefined;
    left -=
      known !== undefined && 'sha256' in entry
        ? copyFromBase(known, entry.sha256, path, entry.mode)
        : yield* unpackEntry(stream, { ...entry, path: `${TREE}/${entry.path}` }, path, left);
    onFile?.(at + 1, tree.length);
  }
  if (left !== 0) throw invalid(`it has ${pack.bytes - left} bytes and not ${pack.bytes}`);
  const { sha256, bytes } = pack.node;
  if (!pack.base?.hasNode) yield* unpackEntry(stream, { path: NODE, mode: 0o555, sha256 }, node, bytes);
  if (!(yield* stream.take(END_OF_TAR.length)).equals(END_OF_TAR) || (yield* stream.hasMore()))
    throw invalid('its payload has more than its list');
}

/** @param most bytes that it may have @returns bytes that it has */
function* unpackEntry(stream: Pieces, entry: Packed, into: string | null, most: number): Unpacked<number> {
  const { path, mode } = entry;
  const target = 'target' in entry ? entry.target : '';
  const header = yield* stream.take(headerBytes({ path, target }));
  const size = sizeIn(header);
  if (size === null || !header.equals(tarHeader({ path, mode, size, target })))
    throw invalid(`${path} is not where its list has it`);
  if (size > (target === '' ? most : 0)) throw invalid(`${path} is larger than it says`);
  if ('target' in entry) symlinkSync(target, into ?? '');
  else yield* writeContent(stream, entry, into, size);
  return size;
}

function* writeContent(
  stream: Pieces,
  { path, mode, sha256 }: Extract<Packed, { sha256: string }>,
  into: string | null,
  size: number,
): Unpacked {
  // A file may be read-only before it is written by who has it open: the seal then has nothing to change.
  const file = into === null ? null : openSync(into, 'wx', mode);
  const write = (piece: Buffer) => {
    for (let at = 0; file !== null && at < piece.length; ) at += writeSync(file, piece, at);
  };
  try {
    const first = yield* stream.some(size);
    write(first);
    const isWhole = first.length === size;
    const hash = isWhole ? null : createHash('sha256').update(first);
    for (let left = size - first.length; left > 0; ) {
      const piece = yield* stream.some(left);
      write(piece);
      hash?.update(piece);
      left -= piece.length;
    }
    const found = hash?.digest('hex') ?? hashAtOnce('sha256', first);
    if (found !== sha256) throw invalid(`${path} is not the file that its list names`);
    const padding = yield* stream.take(paddingOf(size));
    if (!padding.equals(END_OF_TAR.subarray(0, padding.length)))
      throw invalid(`something follows after ${path}`);
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Gives bytes of a payload in the amounts that are asked for. */
class Pieces {
  #held: Buffer = Buffer.alloc(0);

  /** Gives that many bytes. @throws ReleasesError `pack_invalid` where there are fewer */
  *take(length: number): Unpacked<Buffer> {
    const first = yield* this.some(length);
    if (first.length === length) return first;
    return Buffer.concat([first, yield* this.take(length - first.length)]);
  }

  /** Gives at least one byte where any is wanted, and what is here of the others. @throws likewise */
  *some(most: number): Unpacked<Buffer> {
    while (most > 0 && this.#held.length === 0) {
      const piece = yield;
      if (piece === null) throw invalid('its payload ends early');
      this.#held = piece;
    }
    const given = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(given.length);
    return given;
  }

  *hasMore(): Unpacked<boolean> {
    return this.#held.length > 0 || (yield) !== null;
  }
}

/** Error of a codec of Node, or of the program that decompresses. */
function isOfCodec(error: unknown): error is Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return /^(Z_|ZSTD_|ERR_.*ZSTD|ERR_STREAM_PREMATURE)/.test(code ?? '') || /^zstd failed/.test(message);
}
