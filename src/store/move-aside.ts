import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { TO_APPEND } from '../core/bounded-file.js';
import { ifPossible } from '../core/if-possible.js';
import { fsyncDirectory, renameDurably } from '../host/durable.js';
import type { Root } from './root.js';

export const ASIDE_DIRECTORY = 'corrupt';

/** One line for each corrupt file with the reason. */
export const REASONS_FILE = 'reasons.txt';

const LONGEST_NAME = 200;

/**
 * Moves the file, link or directory at `path` away durably and unchanged.
 * @param why reason, to be read after the name of the file; noted beside it
 * @returns its new path: `<root>/corrupt/<name>.<UTC timestamp>`, or in the root when a full disk has no room there
 * @throws system errors
 */
export function moveAside(root: Root, path: string, why: string): string {
  const to = asidePath(root, path);
  writable(dirname(path), () => {
    // The rename of a directory writes its entry `..`, so it must be writable.
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

export function asidePath(root: Root, path: string, at = new Date()): string {
  const stem = `${asidePrefix(root)}${nameOf(root, path)}.${at.toISOString().replace(/[-:.]/g, '')}`;
  for (let count = 1; ; count++) {
    const free = count === 1 ? stem : `${stem}-${count}`;
    if (!lstatSync(free, { throwIfNoEntry: false })) return free;
  }
}

/** True while an earlier file of that path lies where `moveAside` moves it to. */
export function wasMovedAside(root: Root, path: string): boolean {
  const stem = `${nameOf(root, path)}.`;
  const directory = join(root.path, ASIDE_DIRECTORY);
  const namesIn = (place: string) => ifPossible(() => readdirSync(place)) ?? [];
  return (
    namesIn(directory).some((name) => name.startsWith(stem)) ||
    namesIn(root.path).some((name) => name.startsWith(`${ASIDE_DIRECTORY}-${stem}`))
  );
}

function nameOf(root: Root, path: string): string {
  return relative(root.path, path)
    .replaceAll(/[^\w.+-]/g, '_')
    .slice(-LONGEST_NAME);
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

/** Makes a read-only directory, such as a release, writable while `work` runs. */
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

/** Ignores errors: only people read this file. */
export function noteReason(root: Root, to: string, path: string, why: string): void {
  ifPossible(() => {
    const notes = join(root.path, ASIDE_DIRECTORY, REASONS_FILE);
    const line = `${basename(to)}: ${relative(root.path, path)} ${why}\n`;
    const fd = openSync(notes, TO_APPEND, 0o600);
    try {
      writeSync(fd, line);
    } finally {
      closeSync(fd);
    }
  });
}
