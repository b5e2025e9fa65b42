import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeSpace } from '../host/space.js';
import type { Root } from './root.js';

/** Enough blocks and inodes for the records of a few changes; a filesystem can run out of either. */
const FILES = 32;
/** Given up when a change begins or fails. The others are for the launcher: a gateway that runs takes what is free. */
const OF_A_CHANGE = 16;
const FILE_BYTES = 32 * 1024;

const SHORT = { bytes: FILES * FILE_BYTES, files: 4 * FILES };

const pathsOf = (root: Root) => Array.from({ length: FILES }, (_, n) => join(root.ballast, String(n)));

function hasLess(root: Root, room: { bytes: number; files: number }): boolean {
  const { bytes, files } = freeSpace(root.path);
  return bytes < room.bytes || (files !== null && files < room.files);
}

/**
 * Frees the reserve when the disk is full, so that a rollback has room for its records. Never throws.
 * @param all also what is for the launcher; while no gateway runs
 */
export function dropBallastWhenShort(root: Root, { all = false } = {}): void {
  try {
    if (!hasLess(root, SHORT)) return;
    for (const path of pathsOf(root).slice(0, all ? FILES : OF_A_CHANGE))
      rmSync(path, { recursive: true, force: true });
  } catch {
    // Best effort: the write that needs the room fails with its own error.
  }
}

/**
 * Fills the reserve again, as far as the disk has room: what a failed change gives back on a full disk is kept for the
 * rollback after it. Random bytes, because a compressing filesystem keeps no room for zeros. Never throws.
 */
export function keepBallast(root: Root): void {
  try {
    mkdirSync(root.ballast, { recursive: true, mode: 0o700 });
    for (const path of pathsOf(root)) {
      const kept = lstatSync(path, { throwIfNoEntry: false });
      if (kept?.isFile() && kept.size === FILE_BYTES) continue;
      rmSync(path, { recursive: true, force: true });
      writeFileSync(path, randomBytes(FILE_BYTES), { flag: 'wx' });
    }
  } catch {
    // The disk is full; the next change tries again.
  }
}
