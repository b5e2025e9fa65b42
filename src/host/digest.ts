import crypto from 'node:crypto';
import { readSync } from 'node:fs';

/** Read size in bytes. */
const PIECE = 1 << 18;

let piece: Buffer | undefined;

/**
 * Hashes an open file to its end; `take` must not keep the bytes that it receives.
 * @param size in bytes
 * @returns sha256 in hex
 * @throws system errors
 */
export function digestOpen(file: number, size: number, take?: (bytes: Buffer) => void): string {
  piece ??= Buffer.allocUnsafe(PIECE);
  let read = readSync(file, piece);
  // One call is faster, in a Node that has `crypto.hash`.
  if (read === size && read < PIECE && crypto.hash) {
    take?.(piece.subarray(0, read));
    return crypto.hash('sha256', piece.subarray(0, read));
  }
  const hash = crypto.createHash('sha256');
  for (; read > 0; read = readSync(file, piece)) {
    take?.(piece.subarray(0, read));
    hash.update(piece.subarray(0, read));
  }
  return hash.digest('hex');
}
