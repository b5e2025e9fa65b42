import { appendFileSync, chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fsyncDirectory, renameDurably } from '../host/durable.js';
import type { Root } from './root.js';

/** What could not be understood is kept here, for a person to look at. */
export const ASIDE_DIRECTORY = 'corrupt';

/** In that directory: one line for each file, why it could not stay. */
export const REASONS_FILE = 'reasons.txt';

/** Longer names are cut, so that the timestamp still fits. */
const LONGEST_NAME = 200;

/**
 * Moves what is at `path` (a file, a link, a directory) out of the way, durably, and keeps it as it is.
 * @param path absolute, below the root
 * @param why it cannot stay, to be read after its name; noted beside it
 * @returns where it is now: `<root>/corrupt/<name>.<UTC timestamp>`, or in the root itself when a full disk has no
 *   room for that directory
 * @throws system errors
 */
export function setAside(root: Root, path: string, why: string): string {
  const to = asidePath(root, path);
  writable(dirname(path), () => {
    // To move a directory is to write its entry `..`.
    const move = () => renameDurably(path, to, `corrupt ${basename(path)}`);
    const stats = lstatSync(path);
    if (!stats.isDirectory()) return move();
    const mode = stats.mode & 0o7777;
    chmodSync(path, mode | 0o200);
    move();
    chmodSync(to, mode);
  });
  noteReason(root, to, path, why);
  return to;
}

/** A path that nothing has yet, for what is at `path` now. */
export function asidePath(root: Root, path: string, at = new Date()): string {
  const name = relative(root.path, path)
    .replaceAll(/[^\w.+-]/g, '_')
    .slice(-LONGEST_NAME);
  const stem = `${asidePrefix(root)}${name}.${at.toISOString().replace(/[-:.]/g, '')}`;
  for (let count = 1; ; count++) {
    const free = count === 1 ? stem : `${stem}-${count}`;
    if (!lstatSync(free, { throwIfNoEntry: false })) return free;
  }
}

function asidePrefix(root: Root): string {
  const directory = join(root.path, ASIDE_DIRECTORY);
  try {
    if (mkdirSync(directory, { recursive: true, mode: 0o700 })) fsyncDirectory(root.path);
    return `${directory}/`;
  } catch {
    return `${directory}-`;
  }
}

/** Lets `work` change a directory that is read-only, as a release is, and closes it again. */
export function writable<T>(directory: string, work: () => T): T {
  const mode = statSync(directory).mode & 0o7777;
  if ((mode & 0o200) !== 0) return work();
  chmodSync(directory, mode | 0o200);
  try {
    return work();
  } finally {
    chmodSync(directory, mode);
  }
}

/** For people only, so a failure is none. */
export function noteReason(root: Root, to: string, path: string, why: string): void {
  try {
    const notes = join(root.path, ASIDE_DIRECTORY, REASONS_FILE);
    appendFileSync(notes, `${basename(to)}: ${relative(root.path, path)} ${why}\n`, { mode: 0o600 });
  } catch {}
}
