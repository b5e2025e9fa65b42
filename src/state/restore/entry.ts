import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import { faultPoint } from '../../host/fault.js';
import { SCRATCH } from '../scope.js';
import { continues } from './is-prefix.js';

/** Errors that a copy would meet too. All others are a reason to copy: another filesystem, an immutable file, no links. */
const HOPELESS: ReadonlySet<string> = new Set(['ENOENT', 'ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);

/** Name of a new entry until it replaces another; a killed run may leave one. */
export const BESIDE = `${SCRATCH}beside`;

/** Gives a file or a link a second name, by a copy where that is impossible. Replaces what is there by one rename. */
export function putEntry(from: string, to: string): void {
  faultPoint('before move');
  inside(dirname(to), () => put(from, to, join(dirname(to), BESIDE)));
  faultPoint('after move');
}

function put(from: string, to: string, beside: string): void {
  const isFree = statsOf(to) === undefined;
  try {
    if (isFree && tryLink(from, to)) return;
    rmSync(beside, { force: true });
    if (isFree || !tryLink(from, beside)) copyEntry(from, beside);
    renameSync(beside, to);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (HOPELESS.has(systemCode(error) ?? 'EIO')) throw error;
    return false;
  }
}

function copyEntry(from: string, to: string): void {
  const stats = lstatSync(from);
  if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from, 'buffer'), to);
  else copyFileSync(from, to, constants.COPYFILE_FICLONE);
  if (process.getuid?.() === 0) lchownSync(to, stats.uid, stats.gid);
  if (stats.isFile()) utimesSync(to, stats.atime, stats.mtime);
}

export function dropEntry(path: string): void {
  faultPoint('before move');
  inside(dirname(path), () => unlinkSync(path));
  faultPoint('after move');
}

export function addDirectory(from: string, to: string): void {
  inside(dirname(to), () => mkdirSync(to, { mode: 0o700 }));
  const { uid, gid } = lstatSync(from);
  if (process.getuid?.() === 0) chownSync(to, uid, gid);
}

export function isLinked(path: string, other: string): boolean {
  const [a, b] = [path, other].map(statsOf);
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** Returns true when both are one file, or have the same content. */
export function isSame(path: string, other: string): boolean {
  const [a, b] = [path, other].map(statsOf);
  if (!a || !b) return false;
  if (isLinked(path, other)) return true;
  if (a.isSymbolicLink() && b.isSymbolicLink())
    return readlinkSync(path, 'buffer').equals(readlinkSync(other, 'buffer'));
  return a.isFile() && b.isFile() && a.size === b.size && continues(path, other);
}

/** Also undefined where a file stands for one of its directories. */
export function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Changes a directory that its owner has closed, by opening it for that moment. */
export function inside(directory: string, change: () => void): void {
  try {
    change();
    return;
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error;
  }
  const { mode } = lstatSync(directory);
  chmodSync(directory, mode | 0o300);
  try {
    change();
  } finally {
    chmodSync(directory, mode & 0o7777);
  }
}
