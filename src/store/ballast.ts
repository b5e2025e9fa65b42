import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeSpace } from '../host/space.js';
import type { Root } from './root.js';

/** Enough blocks and inodes for the records of a few changes; a filesystem can run out of either. */
const FILES = 16;
const FILE_BYTES = 32 * 1024;

const SHORT = { bytes: FILES * FILE_BYTES, files: 4 * FILES };

const PLENTY = { bytes: 64 * SHORT.bytes, files: 64 * SHORT.files };

const pathsOf = (root: Root) => Array.from({ length: FILES }, (_, n) => join(root.ballast, String(n)));

function hasLess(root: Root, room: { bytes: number; files: number }): boolean {
  const { bytes, files } = freeSpace(root.path);
  return bytes < room.bytes || (files !== null && files < room.files);
}

/** Frees the reserve when the disk is full, so that a rollback has room for its records. Never throws. */
export function dropBallastWhenShort(root: Root): void {
  try {
    if (hasLess(root, SHORT)) rmSync(root.ballast, { recursive: true, force: true });
  } catch {
    // Best effort: the write that needs the room fails with its own error.
  }
}

/** Fills the reserve again. Random bytes, because a compressing filesystem keeps no room for zeros. Never throws. */
export function keepBallast(root: Root): void {
  try {
    const missing = pathsOf(root).filter((path) => !existsSync(path));
    if (missing.length === 0 || hasLess(root, PLENTY)) return;
    mkdirSync(root.ballast, { recursive: true, mode: 0o700 });
    for (const path of missing) writeFileSync(path, randomBytes(FILE_BYTES));
  } catch {
    // Another process took the space; the next change tries again.
  }
}
