import { chmodSync, constants, copyFileSync, lstatSync, rmSync, type Stats, utimesSync } from 'node:fs';
import { copyFile as copyLarge } from 'node:fs/promises';
import { systemCode } from '../../core/errors.js';
import { digestInTurns } from '../../host/file-digest.js';
import type { CopiedFile } from '../snapshot-layout.js';

/** Attempts at a file that changes all the time; the last copy is accepted. */
const TRIES = 3;

/** Bytes from which a copy gets its own thread; for a small file the promise costs more than the copy. */
const LARGE = 4 * 2 ** 20;

/** `steady` is false when the file changed during every attempt. */
export type FileCopy = CopiedFile & { steady: boolean };

/** Copies one file and repeats when it changed meanwhile; null when it vanished. Keeps its modification time. */
export async function copyFile(from: string, to: string): Promise<FileCopy | null> {
  try {
    let before = lstatSync(from);
    let steady = false;
    for (let tries = 1; tries <= TRIES && !steady; tries++) {
      before = lstatSync(from);
      if (before.size < LARGE) copyFileSync(from, to, constants.COPYFILE_FICLONE);
      else await copyLarge(from, to, constants.COPYFILE_FICLONE);
      steady = isSame(before, lstatSync(from));
    }
    close(to, before.mode);
    utimesSync(to, before.atime, before.mtime);
    return { mode: before.mode & 0o7777, ...(await digestInTurns(to)), steady };
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    rmSync(to, { force: true });
    return null;
  }
}

/** Closes a copy to other users; the owner's right to execute stays. */
export function close(copy: string, mode: number): void {
  chmodSync(copy, 0o600 | (mode & 0o100));
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}
