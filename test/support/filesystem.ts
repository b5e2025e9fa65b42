import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './place.js';

/** A real ext4 in a file, which can be mounted, and cut off as a power cut does. */
export interface Filesystem {
  mountPoint: string;
  mount(): void;
  /** Nothing happens when it is not mounted. */
  unmount(): void;
  /** From now on nothing reaches the disk, and every call on it fails; what was only in memory is lost. */
  cut(): void;
  /** What `e2fsck` says against it while it is not mounted; null when it is clean. */
  check(): string | null;
}

/**
 * Makes a filesystem in an empty directory and mounts it. Needs the superuser and `mkfs.ext4`, and `xfs_io` to be cut.
 * @param options of `mount`, besides `loop`
 */
export function makeFilesystem(directory: string, mebibytes: number, options: string[] = []): Filesystem {
  const image = join(directory, 'image');
  const mountPoint = join(directory, 'mounted');
  mkdirSync(mountPoint, { recursive: true });
  execFileSync('truncate', ['-s', `${mebibytes}M`, image]);
  execFileSync('mkfs.ext4', ['-q', '-m', '0', image]);
  let mounted = false;
  const filesystem: Filesystem = {
    mountPoint,
    mount() {
      execFileSync('mount', ['-o', ['loop', ...options].join(','), image, mountPoint]);
      mounted = true;
    },
    unmount() {
      if (mounted) execFileSync('umount', [mountPoint], { stdio: 'pipe' });
      mounted = false;
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

/** A real ext4 filesystem of a few MiB, mounted until the test ends. */
export function smallFilesystem(mebibytes: number): string {
  const { mountPoint, unmount } = makeFilesystem(temporaryDirectory('disk'), mebibytes);
  onTestFinished(unmount);
  return mountPoint;
}

export function remountReadOnly(mountPoint: string): void {
  execFileSync('mount', ['-o', 'remount,ro', mountPoint]);
}

/**
 * Whether this machine lets a test mount filesystems and change owners. Where it does not, the lane says so, and
 * fails where it must not be missing.
 */
export function canMount(): boolean {
  const superuser = process.getuid?.() === 0;
  if (!superuser && process.env.CI) throw new Error('These tests mount filesystems: run them as root.');
  if (!superuser) console.warn('NOT RUN: tests that mount a small filesystem need root.');
  return superuser;
}
