import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';

/** A name beside `path` that no other writer uses; `rename` needs both on one filesystem. */
function beside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
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

/**
 * Replaces `path` by `text` so that a reader, or a machine that lost power at any moment, finds the old text
 * or the new text, whole. The order (data, rename, directory) is what ext4 and xfs need for that.
 */
export function writeFileDurably(path: string, text: string, mode = 0o644): void {
  const temporary = beside(path);
  try {
    const fd = openSync(temporary, 'wx', mode);
    try {
      writeSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw error;
  }
  fsyncDirectory(dirname(path));
}

/** Points the symlink `path` at `target` by one rename, and makes that durable; there is no moment without a link. */
export function replaceSymlinkDurably(path: string, target: string): void {
  const temporary = beside(path);
  try {
    symlinkSync(target, temporary);
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw error;
  }
  fsyncDirectory(dirname(path));
}

/**
 * Flushes the whole filesystem that holds `directory`: one syncfs in place of tens of thousands of fsyncs.
 * Node has no syncfs; `sync -f` is it, and a plain `sync` does more of the same where `-f` is unknown.
 */
export async function syncFilesystem(directory: string): Promise<void> {
  const result = await execa('sync', ['-f', directory], { reject: false });
  if (result.failed) await execa('sync');
}
