import { closeSync, fstatSync, openSync } from 'node:fs';
import { digestOpen } from '../host/digest.js';

export interface BatchDigest {
  /** sha256 of each file in hex, in the order in which they were asked for. */
  digests: string[];
  /** Of all of them. */
  bytes: number;
}

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
