import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { faultPoint } from './fault.js';

/** A name beside `path` that no other writer uses, and that says whose it is; `rename` needs both on one filesystem. */
function beside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

/** What failed is the news, not that its leftover could not be removed either. */
function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch {}
}

/** Makes the entries of `directory` (creations, renames, removals) survive a power cut. */
export function fsyncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the content of one file survive a power cut. */
function writeAndFsync(path: string, data: string | Uint8Array, mode: number): void {
  const fd = openSync(path, 'wx', mode);
  try {
    const bytes = Buffer.from(data);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A rename that is all that happens to `path`, with nothing left beside it when it fails. */
function replace(path: string, make: (temporary: string) => void): void {
  const temporary = beside(path);
  try {
    make(temporary);
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw error;
  }
  fsyncDirectory(dirname(path));
}

/**
 * Replaces `path` by `data` so that a reader, or a machine that lost power at any moment, finds the old content
 * or the new one, whole. The order (data, rename, directory) is what ext4 and xfs need for that.
 * @param name of this write among the fault points
 */
export function writeFileDurably(
  path: string,
  data: string | Uint8Array,
  mode = 0o644,
  name = basename(path),
): void {
  faultPoint(`before write ${name}`);
  replace(path, (temporary) => writeAndFsync(temporary, data, mode));
  faultPoint(`after write ${name}`);
}

/** Points the symlink `path` at `target` by one rename, and makes that durable; there is no moment without a link. */
export function replaceSymlinkDurably(path: string, target: string): void {
  faultPoint(`before link ${basename(path)}`);
  replace(path, (temporary) => symlinkSync(target, temporary));
  faultPoint(`after link ${basename(path)}`);
}

/**
 * Gives a file or a whole directory its final name, durably. What it holds must be on disk already.
 * @param name of this rename among the fault points
 */
export function renameDurably(from: string, to: string, name = basename(to)): void {
  faultPoint(`before rename ${name}`);
  renameSync(from, to);
  fsyncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) fsyncDirectory(dirname(from));
  faultPoint(`after rename ${name}`);
}

/** Removes a file or a link, durably; one that is not there is fine. */
export function removeDurably(path: string): void {
  faultPoint(`before remove ${basename(path)}`);
  rmSync(path, { force: true });
  fsyncDirectory(dirname(path));
  faultPoint(`after remove ${basename(path)}`);
}
