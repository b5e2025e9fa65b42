import crypto from 'node:crypto';
import { readSync } from 'node:fs';

/** Larger files are read piece by piece; bytes. */
const PIECE = 1 << 18;

let piece: Buffer | undefined;

/**
 * Reads an open file to its end.
 * @param size of the file, in bytes; most are read at once
 * @param take is given what was read, which is good until it returns
 * @returns its sha256 in hex
 * @throws system errors
 */
export function digestOpen(file: number, size: number, take?: (bytes: Buffer) => void): string {
  piece ??= Buffer.allocUnsafe(PIECE);
  let read = readSync(file, piece);
  // One call where Node has it.
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
