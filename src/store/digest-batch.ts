import { closeSync, fchmodSync, fstatSync, openSync } from 'node:fs';
import { digestOpen } from '../host/digest.js';

export interface BatchDigest {
  /** sha256 of each file in hex, in the order in which they were asked for. */
  digests: string[];
  /** Of each, in the same order; bytes. */
  sizes: number[];
}

/**
 * Reads these files and digests them, one after the other.
 * @param close takes from each the right to be written
 * @throws system errors
 */
export function digestBatch(paths: readonly string[], close: boolean): BatchDigest {
  const batch: BatchDigest = { digests: [], sizes: [] };
  for (const path of paths) {
    const fd = openSync(path, 'r');
    try {
      const { size, mode } = fstatSync(fd);
      batch.digests.push(digestOpen(fd, size));
      batch.sizes.push(size);
      if (close) fchmodSync(fd, mode & 0o555);
    } finally {
      closeSync(fd);
    }
  }
  return batch;
}
