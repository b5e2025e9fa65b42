import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeSpace } from '../host/space.js';
import type { Root } from './root.js';

/** Enough for the records of a few changes: blocks, and names, which can run out on their own. */
const FILES = 16;
const FILE_BYTES = 32 * 1024;

/** With less than this free, room is short. */
const SHORT = { bytes: FILES * FILE_BYTES, files: 4 * FILES };

/** With more than this free, holding some back costs nobody anything. */
const PLENTY = { bytes: 64 * SHORT.bytes, files: 64 * SHORT.files };

const pathsOf = (root: Root) => Array.from({ length: FILES }, (_, n) => join(root.ballast, String(n)));

function hasLess(root: Root, room: { bytes: number; files: number }): boolean {
  const { bytes, files } = freeSpace(root.path);
  return bytes < room.bytes || (files !== null && files < room.files);
}

/**
 * Gives up what was held back when the disk is full: going back then still has room for its records. Never throws.
 */
export function dropBallastWhenShort(root: Root): void {
  try {
    if (hasLess(root, SHORT)) rmSync(root.ballast, { recursive: true, force: true });
  } catch {
    // It was worth a try; what follows fails by itself where it really needs the room.
  }
}

/** Holds some room back again, where there is plenty. Random, because a filesystem that compresses keeps no room for zeros. Never throws. */
export function keepBallast(root: Root): void {
  try {
    const missing = pathsOf(root).filter((path) => !existsSync(path));
    if (missing.length === 0 || hasLess(root, PLENTY)) return;
    mkdirSync(root.ballast, { recursive: true, mode: 0o700 });
    for (const path of missing) writeFileSync(path, randomBytes(FILE_BYTES));
  } catch {
    // Somebody else took the room meanwhile; the next change tries again.
  }
}
