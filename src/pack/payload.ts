import { createHash } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import { openPlainFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { END_OF_TAR, paddingOf, tarHeader } from '../host/tar-header.js';
import type { Packed } from './pack.js';
import type { NeededGlibc } from './platform.js';

/** Bytes that are given to the compressor at once. */
const PIECE = 1 << 20;

/** Entry of the payload, or of the base; `from` is its absolute path here. */
export type Content = Packed & { from: string; isLeftOut: boolean };

/** The payload of a pack, without the entries that its base has. @throws ReleasesError `release_damaged` */
export async function* tarOf(entries: readonly Content[], glibc: NeededGlibc): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for (const entry of entries) {
    for (const piece of entryOf(entry, glibc)) {
      if (entry.isLeftOut) continue;
      held.push(piece);
      bytes += piece.length;
      if (bytes < PIECE) continue;
      yield Buffer.concat(held);
      [held, bytes] = [[], 0];
    }
  }
  yield Buffer.concat([...held, END_OF_TAR]);
}

function* entryOf(entry: Content, glibc: NeededGlibc): Generator<Buffer> {
  const { path, mode, from } = entry;
  if ('target' in entry) {
    yield tarHeader({ path, mode, size: 0, target: entry.target });
    return;
  }
  const { fd, stats } = openPlainFile(from);
  try {
    const hash = createHash('sha256');
    yield tarHeader({ path, mode, size: stats.size });
    for (let at = 0; at < stats.size; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, stats.size - at));
      const read = readSync(fd, piece);
      if (read === 0) break;
      hash.update(piece.subarray(0, read));
      glibc.read(piece.subarray(0, read), at === 0);
      at += read;
      yield piece.subarray(0, read);
    }
    if (hash.digest('hex') !== entry.sha256) {
      const message = `${from} changed while it was packed.`;
      throw new ReleasesError('release_damaged', message, { hint: 'openclaw-releases verify' });
    }
    yield Buffer.alloc(paddingOf(stats.size));
  } finally {
    closeSync(fd);
  }
}
