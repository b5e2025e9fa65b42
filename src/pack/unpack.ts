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
export async function unpackPayload(fd: number, head: PackHead, unpacking: Unpacking): Promise<void> {
  const { pack, tree, payloadAt } = head;
  const { codec, bytes } = pack.payload;
  const { directory, signal } = unpacking;
  const source = payloadOf(fd, payloadAt, bytes);
  for (const path of pack.directories) mkdirSync(join(directory, path), { recursive: true });
  await decompress(codec, source, signal, async (pieces) => {
    const stream = new Pieces(pieces);
    const made = new Set<string>();
    let left = pack.bytes;
    for (const [at, entry] of tree.entries()) {
      const path = join(directory, entry.path);
      if (!made.has(dirname(path))) mkdirSync(dirname(path), { recursive: true });
      made.add(dirname(path));
      const known = 'sha256' in entry ? unpacking.base.get(entry.sha256) : undefined;
      left -=
        known !== undefined && 'sha256' in entry
          ? copyFromBase(known, entry.sha256, path, entry.mode)
          : await unpackEntry(stream, { ...entry, path: `${TREE}/${entry.path}` }, path, left);
      unpacking.onFile?.(at + 1, tree.length);
    }
    if (left !== 0) throw invalid(`it has ${pack.bytes - left} bytes and not ${pack.bytes}`);
    const { sha256, bytes: size } = pack.node;
    if (!pack.base?.hasNode)
      await unpackEntry(stream, { path: NODE, mode: 0o555, sha256 }, unpacking.node, size);
    if (!(await stream.take(END_OF_TAR.length)).equals(END_OF_TAR) || (await stream.hasMore()))
      throw invalid('its payload has more than its list');
  }).catch((error) => {
    throw isOfCodec(error) ? invalid(`its payload cannot be decompressed (${error.message})`, error) : error;
  });
}

/** @param most bytes that it may have @returns bytes that it has */
async function unpackEntry(
  stream: Pieces,
  entry: Packed,
  into: string | null,
  most: number,
): Promise<number> {
  const { path, mode } = entry;
  const target = 'target' in entry ? entry.target : '';
  const header = await stream.take(headerBytes({ path, target }));
  const size = sizeIn(header);
  if (size === null || !header.equals(tarHeader({ path, mode, size, target })))
    throw invalid(`${path} is not where its list has it`);
  if (size > (target === '' ? most : 0)) throw invalid(`${path} is larger than it says`);
  if ('target' in entry) symlinkSync(target, into ?? '');
  else await writeContent(stream, entry, into, size);
  return size;
}

async function writeContent(
  stream: Pieces,
  { path, mode, sha256 }: Extract<Packed, { sha256: string }>,
  into: string | null,
  size: number,
): Promise<void> {
  // A file may be read-only before it is written by who has it open: the seal then has nothing to change.
  const file = into === null ? null : openSync(into, 'wx', mode);
  const next = async (left: number) => {
    const piece = await stream.some(left);
    for (let at = 0; file !== null && at < piece.length; ) at += writeSync(file, piece, at);
    return piece;
  };
  try {
    const first = await next(size);
    const isWhole = first.length === size;
    const found = isWhole ? hashAtOnce('sha256', first) : await digestOf(first, size, next);
    if (found !== sha256) throw invalid(`${path} is not the file that its list names`);
    const padding = await stream.take(paddingOf(size));
    if (!padding.equals(END_OF_TAR.subarray(0, padding.length)))
      throw invalid(`something follows after ${path}`);
  } finally {
    if (file !== null) closeSync(file);
  }
}

async function digestOf(
  first: Buffer,
  size: number,
  next: (left: number) => Promise<Buffer>,
): Promise<string> {
  const hash = createHash('sha256').update(first);
  for (let left = size - first.length; left > 0; ) {
    const piece = await next(left);
    hash.update(piece);
    left -= piece.length;
  }
  return hash.digest('hex');
}

/** Gives bytes of a stream in the amounts that are asked for. */
class Pieces {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Gives that many bytes. @throws ReleasesError `pack_invalid` where there are fewer */
  async take(length: number): Promise<Buffer> {
    const first = await this.some(length);
    if (first.length === length) return first;
    return Buffer.concat([first, await this.take(length - first.length)]);
  }

  /** Gives at least one byte where any is wanted, and what is here of the others. @throws likewise */
  async some(most: number): Promise<Buffer> {
    while (most > 0 && this.#held.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) throw invalid('its payload ends early');
      this.#held = value;
    }
    const given = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(given.length);
    return given;
  }

  async hasMore(): Promise<boolean> {
    if (this.#held.length > 0) return true;
    return !(await this.#source.next()).done;
  }
}

/** Error of a codec of Node, or of the program that decompresses. */
function isOfCodec(error: unknown): error is Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return /^(Z_|ZSTD_|ERR_.*ZSTD|ERR_STREAM_PREMATURE)/.test(code ?? '') || /^zstd failed/.test(message);
}
