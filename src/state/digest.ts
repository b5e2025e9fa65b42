import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/** One for all files: a digest of gigabytes needs no more memory than this. */
const BUFFER = Buffer.allocUnsafe(1 << 20);

/** The size of a file in bytes and its sha256 in hex, of the same read. */
export function digestFile(path: string): { size: number; sha256: string } {
  const hash = createHash('sha256');
  let size = 0;
  const fd = openSync(path, 'r');
  try {
    for (let read = readSync(fd, BUFFER); read > 0; read = readSync(fd, BUFFER)) {
      hash.update(BUFFER.subarray(0, read));
      size += read;
    }
  } finally {
    closeSync(fd);
  }
  return { size, sha256: hash.digest('hex') };
}
