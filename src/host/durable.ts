import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ifPossible } from '../core/if-possible.js';
import { faultPoint } from './fault.js';

/** Temporary name beside `path`, because `rename` needs one filesystem; the pid in it names the owner. */
function beside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

/** Makes creations, renames and removals in `directory` survive a power cut. */
export function fsyncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

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

/** Replaces `path` by one rename and leaves no temporary file after a failure. */
function replace(path: string, make: (temporary: string) => void): void {
  const temporary = beside(path);
  try {
    make(temporary);
    renameSync(temporary, path);
  } catch (error) {
    // The caller reports the first failure.
    ifPossible(() => rmSync(temporary, { force: true }));
    throw error;
  }
  fsyncDirectory(dirname(path));
}

/**
 * Replaces `path` so that a reader, or a machine that loses power, always finds the old or the new content, whole. ext4
 * and xfs need this order: data, rename, directory.
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

/** Points the symlink `path` to `target` durably by one rename, so that a link always exists. */
export function replaceSymlinkDurably(path: string, target: string): void {
  faultPoint(`before link ${basename(path)}`);
  replace(path, (temporary) => symlinkSync(target, temporary));
  faultPoint(`after link ${basename(path)}`);
}

/** Renames a file or a directory durably. Its content must be on disk already. */
export function renameDurably(from: string, to: string, name = basename(to)): void {
  faultPoint(`before rename ${name}`);
  renameSync(from, to);
  fsyncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) fsyncDirectory(dirname(from));
  faultPoint(`after rename ${name}`);
}

/** Removes a file or a link durably; a missing one is no error. */
export function removeDurably(path: string): void {
  faultPoint(`before remove ${basename(path)}`);
  rmSync(path, { force: true });
  fsyncDirectory(dirname(path));
  faultPoint(`after remove ${basename(path)}`);
}
