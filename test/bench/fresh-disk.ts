import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeFilesystem } from '../support/filesystem.js';
import { removeDirectory } from '../support/place.js';

/** Three OpenClaws with a cache each; a file that is mostly never written. */
const MEBIBYTES = 8 * 1024;

/**
 * Does something on an ext4 that was made for it, always in the same place. For minutes ext4 gives the number of a removed file to no new
 * one (`recently_deleted` in its `ialloc.c`) and walks past all such numbers for every file that is made: where an
 * OpenClaw was removed, installing another takes two or three times as long with any tool. Needs the superuser.
 * @param options.direct without what a disk in a file has besides: kernel threads that copy all that is written once more
 */
export async function onFreshDisk<T>(
  directory: string,
  work: (mountPoint: string) => Promise<T>,
  { direct = false } = {},
): Promise<T> {
  const place = join(directory, 'disk');
  mkdirSync(place);
  const disk = makeFilesystem(place, MEBIBYTES, ['noinit_itable']);
  if (direct) {
    const image = join(place, 'image');
    const loop = execFileSync('losetup', ['--noheadings', '--output=NAME', '-j', image], {
      encoding: 'utf8',
    });
    execFileSync('losetup', ['--direct-io=on', loop.trim()]);
  }
  try {
    return await work(disk.mountPoint);
  } finally {
    await disk.remove();
    removeDirectory(place);
  }
}
