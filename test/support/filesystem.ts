import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory, until } from './place.js';

/** Commands that make each in a file; the least that fits is 300 MiB for xfs and 110 MiB for btrfs, most of it never written. */
const MAKE = {
  ext4: ['mkfs.ext4', '-q', '-m', '0'],
  xfs: ['mkfs.xfs', '-q', '-m', 'reflink=1'],
  btrfs: ['mkfs.btrfs', '-q'],
};
export type FilesystemType = keyof typeof MAKE;

/** Filesystems on which files can share blocks; the lane `host` needs a kernel with both. */
export const SHARING_FILESYSTEMS = ['xfs', 'btrfs'] as const satisfies FilesystemType[];

/** A real ext4 in a file, which can be mounted, and cut off as a power cut does. */
export interface Filesystem {
  mountPoint: string;
  mount(): void;
  /** Unmounts it; does nothing when it is not mounted. */
  unmount(): Promise<void>;
  /** Unmounts it for good, before its directory is removed. */
  remove(): Promise<void>;
  /** Cuts it off: nothing reaches the disk any more, every call on it fails, and what was only in memory is lost. */
  cut(): void;
  /** Complaint of `e2fsck` while it is not mounted; null when it is clean. */
  check(): string | null;
}

/**
 * Makes a filesystem in an empty directory and mounts it. Needs the superuser and `mkfs.ext4`, and `xfs_io` to be cut.
 * @param options of `mount`, besides `loop`
 */
export function makeFilesystem(
  directory: string,
  mebibytes: number,
  options: string[] = [],
  type: FilesystemType = 'ext4',
): Filesystem {
  const image = join(directory, 'image');
  const mountPoint = join(directory, 'mounted');
  mkdirSync(mountPoint, { recursive: true });
  execFileSync('truncate', ['-s', `${mebibytes}M`, image]);
  const [make = '', ...how] = MAKE[type];
  execFileSync(make, [...how, image]);
  // A process that makes a mount namespace meanwhile (a machine that boots) takes copies of all mounts along. Below a shared
  // one an unmount reaches the copies, too; else the old mount would live on there, cut off, and be found again.
  execFileSync('mount', ['--bind', directory, directory]);
  execFileSync('mount', ['--make-shared', directory]);
  let mounted = false;
  const filesystem: Filesystem = {
    mountPoint,
    mount() {
      execFileSync('mount', ['-o', ['loop', ...options].join(','), image, mountPoint]);
      mounted = true;
    },
    async unmount() {
      // A killed process gives its files back a moment after it is a zombie.
      await until('nothing on it is used', () => !mounted || spawnSync('umount', [mountPoint]).status === 0);
      mounted = false;
      await until('nobody holds it any more', () => execFileSync('losetup', ['-j', image]).length === 0);
    },
    async remove() {
      await filesystem.unmount();
      execFileSync('umount', [directory]);
    },
    cut: () => void execFileSync('xfs_io', ['-x', '-c', 'shutdown', mountPoint]),
    check() {
      const { status, stdout } = spawnSync('e2fsck', ['-f', '-n', image], { encoding: 'utf8' });
      return status === 0 ? null : stdout;
    },
  };
  filesystem.mount();
  return filesystem;
}

/** Leaves no byte free on the filesystem that holds a directory, until what is returned is called. */
export function fillDisk(directory: string): () => void {
  const filler = join(directory, `filler-${randomBytes(4).toString('hex')}`);
  const { bavail, bsize } = statfsSync(directory);
  writeFileSync(filler, '');
  // Allocates without writing: halves of what may still fit, down to one block.
  for (let at = 0, length = bavail * bsize; length >= bsize; ) {
    const { status } = spawnSync('fallocate', ['-o', String(at), '-l', String(length), filler]);
    if (status === 0) at += length;
    else length = Math.floor(length / 2 / bsize) * bsize;
  }
  return () => rmSync(filler, { force: true });
}

/** A real filesystem of a few MiB, mounted until the test ends. */
export function smallFilesystem(mebibytes: number, type: FilesystemType = 'ext4'): string {
  const { mountPoint, remove } = makeFilesystem(temporaryDirectory('disk'), mebibytes, [], type);
  onTestFinished(remove);
  return mountPoint;
}

export function remountReadOnly(mountPoint: string): void {
  execFileSync('mount', ['-o', 'remount,ro', mountPoint]);
}
