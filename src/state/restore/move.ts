import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import { faultPoint } from '../../host/fault.js';

/**
 * Moves a file, a link or a directory by renames alone; where there is a directory already, what is in it. Can be
 * repeated after it was interrupted at any point: what has arrived is not at its old place any more.
 * @param makeWay called for each path that is taken; afterwards one of the two names is free
 */
export function moveTree(from: string, to: string, makeWay: (from: string, to: string) => void): void {
  const there = lstatSync(to, { throwIfNoEntry: false });
  if (there?.isDirectory() && lstatSync(from).isDirectory()) {
    for (const name of readdirSync(from)) moveTree(join(from, name), join(to, name), makeWay);
    rmdirSync(from);
    return;
  }
  if (there) makeWay(from, to);
  if (lstatSync(from, { throwIfNoEntry: false })) moveOne(from, to);
}

/** One rename to a name that is free; the directories above it are made. */
export function moveOne(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  faultPoint('before move');
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error;
    moveClosed(from, to);
  }
  faultPoint('after move');
}

/** A name like `path` that nothing has yet. */
export function freeName(path: string): string {
  for (let count = 1; ; count++) {
    const free = count === 1 ? path : join(dirname(path), `${basename(path)}.${count}`);
    if (!lstatSync(free, { throwIfNoEntry: false })) return free;
  }
}

/** To move a directory is to write its entry `..`, so its owner must open it for that moment, and those around it. */
function moveClosed(from: string, to: string): void {
  const closed = [dirname(from), dirname(to), from].flatMap((path) => {
    const stats = lstatSync(path);
    return stats.isDirectory() && (stats.mode & 0o200) === 0 ? [{ path, mode: stats.mode & 0o7777 }] : [];
  });
  const at = (path: string) => (path === from && lstatSync(to, { throwIfNoEntry: false }) ? to : path);
  for (const { path, mode } of closed) chmodSync(path, mode | 0o200);
  try {
    renameSync(from, to);
  } finally {
    for (const { path, mode } of closed) chmodSync(at(path), mode);
  }
}
