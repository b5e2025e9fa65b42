import { lstat, lstatSync, lutimes, readlinkSync, rmSync, symlink, symlinkSync } from 'node:fs';
import { systemCode } from '../core/errors.js';
import { identify, isAlive, type ProcessIdentity } from '../host/process.js';

const IDENTITY = /^(\d{1,10})\.(\d{1,15})\.([0-9a-z-]+)$/;

/**
 * This process as the text of a link, `<pid>.<start ticks>.<boot id>`, so that one call creates a name with its owner.
 * At most 59 bytes, which ext4 stores in the inode: no block is needed, so it works on a full disk.
 */
export function ownText(): string {
  const { pid, startTicks, bootId } = identify(process.pid) ?? {
    pid: process.pid,
    startTicks: 0,
    bootId: '',
  };
  return `${pid}.${startTicks}.${bootId}`;
}

export function claim(path: string): boolean {
  try {
    symlinkSync(ownText(), path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

export function isClaimed(path: string): boolean {
  const text = ownerText(path);
  return text !== null && livingOwner(text) !== null;
}

/** Text of a link, or null when nothing exists. Any other file gives its inode after a NUL, which no link can hold. */
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

export function parseOwner(text: string): ProcessIdentity | null {
  const [, pid, startTicks, bootId] = IDENTITY.exec(text) ?? [];
  if (bootId === undefined) return null;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId };
}

/** Process that a text names, while it lives. Null never changes back: identities never repeat. */
export function livingOwner(text: string): ProcessIdentity | null {
  const owner = parseOwner(text);
  return owner && isAlive(owner) ? owner : null;
}

export function removeLink(path: string, text: string): void {
  if (ownerText(path) === text) rmSync(path, { force: true });
}

/** File functions for proper-lockfile that create a link with this text in place of its directory. */
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
