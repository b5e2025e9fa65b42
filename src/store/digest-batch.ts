import { closeSync, fchmodSync, fstatSync, openSync } from 'node:fs';
import { digestOpen } from '../host/digest.js';

export interface BatchDigest {
  /** sha256 in hex, in the order of the paths. */
  digests: string[];
  /** Bytes, in the same order. */
  sizes: number[];
}

/**
 * @param close removes the write permission of each file
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
