import crypto from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface BatchDigest {
  /** sha256 of each file in hex, in the order in which they were asked for. */
  digests: string[];
  /** Of all of them. */
  bytes: number;
}

/** Larger files are read piece by piece; bytes. */
const PIECE = 1 << 18;

let piece: Buffer | undefined;

/**
 * Reads these files and digests them, one after the other.
 * @throws system errors
 */
export function digestBatch(paths: readonly string[]): BatchDigest {
  const batch: BatchDigest = { digests: [], bytes: 0 };
  for (const path of paths) {
    const fd = openSync(path, 'r');
    try {
      const { size } = fstatSync(fd);
      batch.digests.push(digestOpen(fd, size));
      batch.bytes += size;
    } finally {
      closeSync(fd);
    }
  }
  return batch;
}

function digestOpen(fd: number, size: number): string {
  piece ??= Buffer.allocUnsafe(PIECE);
  let read = readSync(fd, piece);
  // One call where Node has it; what is read whole in one piece is most files.
  if (read === size && read < PIECE && crypto.hash) return crypto.hash('sha256', piece.subarray(0, read));
  const hash = crypto.createHash('sha256');
  for (; read > 0; read = readSync(fd, piece)) hash.update(piece.subarray(0, read));
  return hash.digest('hex');
}
