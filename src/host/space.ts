import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface FreeSpace {
  /** What an unprivileged user may still write. */
  bytes: number;
  /** Files that can still be created; null on filesystems that do not count them (btrfs says 0 of 0). */
  files: number | null;
}

/** Whether two paths are, or will be, on one filesystem. */
export function sameFilesystem(path: string, other: string): boolean {
  return statSync(nearestExisting(path)).dev === statSync(nearestExisting(other)).dev;
}

function nearestExisting(path: string): string {
  let existing = path;
  while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing);
  return existing;
}

/** Room left on the filesystem that holds `directory`, or will hold it once it is made. */
export function freeSpace(directory: string): FreeSpace {
  const stats = statfsSync(nearestExisting(directory));
  return { bytes: stats.bavail * stats.bsize, files: stats.files > 0 ? stats.ffree : null };
}
