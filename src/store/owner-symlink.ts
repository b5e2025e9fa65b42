import { lstat, lstatSync, lutimes, readlinkSync, rmSync, symlink, symlinkSync } from 'node:fs';
import { systemCode } from '../core/errors.js';
import { identify, isAlive, type ProcessIdentity } from '../host/process.js';

const IDENTITY = /^(\d{1,10})\.(\d{1,15})\.([0-9a-z-]+)$/;

/**
 * This process as the text of a link, `<pid>.<start ticks>.<boot id>`: one call makes a name and says whose it is.
 * At most 59 bytes, which ext4 keeps in the inode: that needs no block, so it can be had on a full disk.
 */
export function ownText(): string {
  const { pid, startTicks, bootId } = identify(process.pid) ?? {
    pid: process.pid,
    startTicks: 0,
    bootId: '',
  };
  return `${pid}.${startTicks}.${bootId}`;
}

/** Makes `path` say that it is this process's; false when it says something already. */
export function claim(path: string): boolean {
  try {
    symlinkSync(ownText(), path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Whether `path` says that it is of a process that lives. */
export function isClaimed(path: string): boolean {
  const text = ownerText(path);
  return text !== null && livingOwner(text) !== null;
}

/** The text of a link; a text of its own that no link can hold for anything else; null where nothing is. */
export function ownerText(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return null;
    if (code !== 'EINVAL') throw error;
    const other = lstatSync(path, { throwIfNoEntry: false });
    return other ? `\0${other.ino}` : null;
  }
}

/** The process that a text names, alive or not; null for a text that none of ours has written. */
export function parseOwner(text: string): ProcessIdentity | null {
  const [, pid, startTicks, bootId] = IDENTITY.exec(text) ?? [];
  if (bootId === undefined) return null;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId };
}

/** The process that a text names, while it lives. Null stays null: the same identity never comes back. */
export function livingOwner(text: string): ProcessIdentity | null {
  const owner = parseOwner(text);
  return owner && isAlive(owner) ? owner : null;
}

/** Removes a link that has this text; another one, or none, is left alone. */
export function removeLink(path: string, text: string): void {
  if (ownerText(path) === text) rmSync(path, { force: true });
}

/** The calls that proper-lockfile makes for its directory, made for a link with this text. */
export function linkInPlaceOfDirectory(text: string) {
  return {
    mkdir: (path: string, done: (error: Error | null) => void) => symlink(text, path, done),
    rmdir(path: string, done: (error: unknown) => void) {
      try {
        removeLink(path, text);
      } catch (error) {
        return done(error);
      }
      done(null);
    },
    rmdirSync: (path: string) => removeLink(path, text),
    stat: lstat,
    utimes: lutimes,
  };
}
