import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

export interface FreeSpace {
  /** What an unprivileged user may still write. */
  bytes: number;
  /** Files that can still be created; null on filesystems that do not count them (btrfs says 0 of 0). */
  files: number | null;
}

/** Room left on the filesystem that holds `directory`, or will hold it once it is made. */
export function freeSpace(directory: string): FreeSpace {
  let existing = directory;
  while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing);
  const stats = statfsSync(existing);
  return { bytes: stats.bavail * stats.bsize, files: stats.files > 0 ? stats.ffree : null };
}
