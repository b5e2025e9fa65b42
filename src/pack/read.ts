import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { LARGEST } from '../core/bounded-file.js';
import { parseRecord, recordText } from '../core/record.js';
import { sha256 } from '../core/sha256.js';
import { END_OF_TAR, paddingOf, sizeIn, tarHeader } from '../host/tar-header.js';
import { isReleaseId } from '../store/manifest.js';
import {
  invalid,
  isPlainPath,
  PARTS,
  type Pack,
  type Packed,
  packedTree,
  payloadName,
  READ_ONLY,
} from './pack.js';

/** Bytes; the paths of the programs of a release. */
const MOST_ABOUT = 4 * 2 ** 20;
const MOST_SIGNATURE = 16 * 2 ** 10;

const HEADER = 512;
/** Bytes that are read at once. */
const PIECE = 1 << 18;
const PROGRAM = /^node_modules\/openclaw\/./;

/** Everything of a pack but its payload. */
export interface PackHead {
  pack: Pack;
  /** Text of `pack.json`, which the signature is of. */
  text: Buffer;
  signature: string | null;
  tree: Packed[];
  /** Place of the payload in the file. */
  payloadAt: number;
}

/**
 * Reads a pack up to its payload. Proves that `pack.json` names its list, and that nothing in it can
 * lead out of the release.
 * @param fd of a plain file
 * @throws ReleasesError `pack_invalid`
 */
export function readHead(fd: number): PackHead {
  const reader = new Reader(fd);
  const text = reader.part(PARTS.pack, MOST_ABOUT);
  const pack = parsePack(text.toString());
  const signature = reader.isNext(PARTS.signature)
    ? reader.part(PARTS.signature, MOST_SIGNATURE).toString()
    : null;
  const list = reader.part(PARTS.list, LARGEST);
  if (sha256(list) !== pack.treeDigest)
    throw invalid(`${PARTS.list} has another digest than ${PARTS.pack} says`);
  const tree = packedTree(list.toString(), pack);
  const files = tree.filter((entry) => 'sha256' in entry).length;
  if (files !== pack.files) throw invalid(`it lists ${files} files and not ${pack.files}`);
  const { bytes, codec } = pack.payload;
  reader.expect(tarHeader({ path: payloadName(codec), mode: READ_ONLY, size: bytes }));
  return { pack, text, signature, tree, payloadAt: reader.at };
}

/**
 * Reads the rest of a pack, and so proves that every byte of it is as it was written.
 * @throws ReleasesError `pack_invalid`; the reason of an aborted `signal`
 */
export async function verifyPayload(
  fd: number,
  { pack, payloadAt }: PackHead,
  signal?: AbortSignal,
): Promise<void> {
  const { bytes, sha256: expected } = pack.payload;
  const hash = createHash('sha256');
  for await (const piece of payloadOf(fd, payloadAt, bytes, Buffer.allocUnsafe(PIECE))) {
    hash.update(piece);
    signal?.throwIfAborted();
  }
  if (hash.digest('hex') !== expected)
    throw invalid(`its payload has another digest than ${PARTS.pack} says`);
  const rest = new Reader(fd, payloadAt + bytes);
  rest.expect(Buffer.concat([Buffer.alloc(paddingOf(bytes)), END_OF_TAR]));
  if (rest.hasMore()) throw invalid('something follows after its end');
}

/**
 * @param into memory for each piece, where none is kept; new memory for each unless given
 * @throws ReleasesError `pack_invalid` where it ends early
 */
export async function* payloadOf(
  fd: number,
  at: number,
  bytes: number,
  into?: Buffer,
): AsyncGenerator<Buffer> {
  const end = at + bytes;
  while (at < end) {
    const piece = into ?? Buffer.allocUnsafe(Math.min(PIECE, end - at));
    const read = readSync(fd, piece, 0, Math.min(piece.length, end - at), at);
    if (read === 0) throw invalid('it ends early');
    at += read;
    yield piece.subarray(0, read);
  }
}

function parsePack(text: string): Pack {
  const read = parseRecord<Pack>(text, 'pack');
  if (read.state !== 'ok')
    throw invalid(`${PARTS.pack} ${read.state === 'corrupt' ? read.why : 'is missing'}`);
  const pack = read.value;
  // Keys that no reader knows, blanks, a lost checksum.
  if (recordText(pack) !== text) throw invalid(`${PARTS.pack} is not as this program writes it`);
  if (!isReleaseId(pack.id) || !PROGRAM.test(pack.main)) throw invalid(`${PARTS.pack} is of no release`);
  const strange = [...pack.executables, ...pack.directories, pack.main].find((path) => !isPlainPath(path));
  if (strange !== undefined)
    throw invalid(`${JSON.stringify(strange)} is not the path of a file of a release`);
  return pack;
}

/** Reads the file of a pack in order. Every byte must be as this program writes it. */
class Reader {
  constructor(
    readonly fd: number,
    public at = 0,
  ) {}

  isNext(name: string): boolean {
    const header = this.#read(this.at, HEADER);
    const size = sizeIn(header);
    return size !== null && header.equals(tarHeader({ path: name, mode: READ_ONLY, size }));
  }

  part(name: string, most: number): Buffer {
    const header = this.#read(this.at, HEADER);
    const size = sizeIn(header);
    if (size === null || !this.isNext(name)) throw invalid(`it has no ${name} where that belongs`);
    if (size > most) throw invalid(`its ${name} is far too large (${size} bytes)`);
    this.at += HEADER;
    const content = this.#read(this.at, size);
    this.at += size;
    this.expect(Buffer.alloc(paddingOf(size)));
    return content;
  }

  expect(bytes: Buffer): void {
    if (!this.#read(this.at, bytes.length).equals(bytes)) throw invalid(`at byte ${this.at} it is no pack`);
    this.at += bytes.length;
  }

  hasMore(): boolean {
    return readSync(this.fd, Buffer.alloc(1), 0, 1, this.at) > 0;
  }

  #read(at: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    for (let done = 0, read = 1; done < size; done += read) {
      read = readSync(this.fd, bytes, done, size - done, at + done);
      if (read === 0) throw invalid('it ends early');
    }
    return bytes;
  }
}
