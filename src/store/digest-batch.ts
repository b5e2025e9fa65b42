import { closeSync, fchmodSync } from 'node:fs';
import { isAboutFile, openPlainFile } from '../core/bounded-file.js';
import { digestOpen } from '../host/digest.js';

export interface BatchDigest {
  /** sha256 in hex, in the order of the paths. */
  digests: string[];
  /** Bytes, in the same order. */
  sizes: number[];
}

export interface BatchOptions {
  /** Removes the write permission of each file. */
  close: boolean;
  /**
   * Bytes. A larger file is not read, and its digest is `larger`. With this a file that cannot be read has the digest
   * `unreadable`; without it the file is an error.
   */
  largest?: number | undefined;
}

/** @throws UnusableFile; system errors */
export function digestBatch(paths: readonly string[], options: BatchOptions): BatchDigest {
  const batch: BatchDigest = { digests: [], sizes: [] };
  for (const path of paths) {
    const { digest, size } = digestOne(path, options);
    batch.digests.push(digest);
    batch.sizes.push(size);
  }
  return batch;
}

function digestOne(path: string, options: BatchOptions): { digest: string; size: number } {
  const { close, largest = Number.POSITIVE_INFINITY } = options;
  try {
    const { fd, stats } = openPlainFile(path);
    const { size, mode } = stats;
    try {
      const digest = size > largest ? 'larger' : digestOpen(fd, size);
      if (close) fchmodSync(fd, mode & 0o555);
      return { digest, size };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (options.largest === undefined || !isAboutFile(error)) throw error;
    return { digest: 'unreadable', size: 0 };
  }
}
