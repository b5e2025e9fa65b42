import { chmodSync, constants, copyFileSync, lstatSync, rmSync, type Stats, utimesSync } from 'node:fs';
import { copyFile as copyLarge } from 'node:fs/promises';
import { systemCode } from '../../core/errors.js';
import type { CopiedFile } from '../snapshot-layout.js';
import { digestInTurns } from './digest.js';

/** A file that is written all the time is copied this often, then taken as it is. */
const TRIES = 3;

/** From here on a copy is worth a thread of its own: a promise for each small file would cost more than copying it; bytes. */
const LARGE = 4 * 2 ** 20;

/** `steady` is false when the file changed during each of the tries. */
export type FileCopy = CopiedFile & { steady: boolean };

/**
 * Copies one file, sharing its blocks where the filesystem can; again when it changed meanwhile. Null when it
 * vanished. The copy keeps the time of its last change, as programs compare these.
 */
export async function copyFile(from: string, to: string): Promise<FileCopy | null> {
  try {
    for (let tries = 1; ; tries++) {
      const before = lstatSync(from);
      if (before.size < LARGE) copyFileSync(from, to, constants.COPYFILE_FICLONE);
      else await copyLarge(from, to, constants.COPYFILE_FICLONE);
      const steady = isSame(before, lstatSync(from));
      if (!steady && tries < TRIES) continue;
      close(to, before.mode);
      utimesSync(to, before.atime, before.mtime);
      return { mode: before.mode & 0o7777, ...(await digestInTurns(to)), steady };
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    rmSync(to, { force: true });
    return null;
  }
}

/** Closes a copy to everybody but its owner, who may still run what could be run before. */
export function close(copy: string, mode: number): void {
  chmodSync(copy, 0o600 | (mode & 0o100));
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}
