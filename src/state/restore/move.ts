import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import { faultPoint } from '../../host/fault.js';

/**
 * Moves a file, a link or a directory by renames; merges into a directory that exists. Safe to repeat after an
 * interruption at any point: a moved entry is no longer at its old path.
 * @param makeWay called for each taken path; it must free one of the two names
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

export function freeName(path: string): string {
  for (let count = 1; ; count++) {
    const free = count === 1 ? path : join(dirname(path), `${basename(path)}.${count}`);
    if (!lstatSync(free, { throwIfNoEntry: false })) return free;
  }
}

/** Moving a directory rewrites its entry `..`, so it and the directories around it must be writable for that moment. */
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
