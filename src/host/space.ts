import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface FreeSpace {
  /** Bytes that an unprivileged user may still write. */
  bytes: number;
  /** Number of files that can still be created; null on filesystems without a count (btrfs reports 0 of 0). */
  files: number | null;
}

export function sameFilesystem(path: string, other: string): boolean {
  return statSync(nearestExisting(path)).dev === statSync(nearestExisting(other)).dev;
}

export function nearestExisting(path: string): string {
  let existing = path;
  while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing);
  return existing;
}

export function freeSpace(directory: string): FreeSpace {
  const stats = statfsSync(nearestExisting(directory));
  return { bytes: stats.bavail * stats.bsize, files: stats.files > 0 ? stats.ffree : null };
}
