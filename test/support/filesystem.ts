import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './place.js';

/** A real ext4 filesystem of a few MiB, mounted until the test ends. Needs the superuser and `mkfs.ext4`. */
export function smallFilesystem(mebibytes: number): string {
  const directory = temporaryDirectory('disk');
  const image = join(directory, 'image');
  const mountPoint = join(directory, 'mounted');
  mkdirSync(mountPoint);
  execFileSync('truncate', ['-s', `${mebibytes}M`, image]);
  execFileSync('mkfs.ext4', ['-q', '-m', '0', image]);
  execFileSync('mount', ['-o', 'loop', image, mountPoint]);
  onTestFinished(() => void execFileSync('umount', [mountPoint]));
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
