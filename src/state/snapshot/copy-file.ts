import { chmodSync, constants, copyFileSync, lstatSync, rmSync, type Stats, utimesSync } from 'node:fs';
import { copyFile as copyLarge } from 'node:fs/promises';
import { systemCode } from '../../core/errors.js';
import { type Digest, digestFile, digestLarge } from '../../host/digest.js';
import type { CopiedFile } from '../snapshot-layout.js';

/** Attempts at a file that changes all the time; the last copy is accepted. */
const TRIES = 3;

/** Bytes from which a copy gets its own thread; for a small file the promise costs more than the copy. */
const LARGE = 4 * 2 ** 20;

/** Copies one file and repeats when it changed meanwhile; null when it vanished. Keeps its modification time. */
export async function copyFile(from: string, to: string): Promise<(CopiedFile & { steady: boolean }) | null> {
  try {
    const { before, steady } = await copySteadily(from, to);
    close(to, before.mode);
    return { mode: before.mode & 0o7777, ...(await digestOfCopy(to, before.size)), steady };
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    rmSync(to, { force: true });
    return null;
  }
}

/** @param size of about how many bytes */
export async function digestOfCopy(copy: string, size: number): Promise<Digest> {
  return size < LARGE ? digestFile(copy) : digestLarge(copy);
}

/** @returns `steady` is false when the file changed during every attempt */
export async function copySteadily(from: string, to: string): Promise<{ before: Stats; steady: boolean }> {
  let before = lstatSync(from);
  let steady = false;
  for (let tries = 1; tries <= TRIES && !steady; tries++) {
    before = lstatSync(from);
    if (before.size < LARGE) copyFileSync(from, to, constants.COPYFILE_FICLONE);
    else await copyLarge(from, to, constants.COPYFILE_FICLONE);
    utimesSync(to, before.atime, before.mtime);
    steady = isSame(before, lstatSync(from));
  }
  return { before, steady };
}

/** Closes a copy to other users; the owner's right to execute stays. */
export function close(copy: string, mode: number): void {
  chmodSync(copy, 0o600 | (mode & 0o100));
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}
