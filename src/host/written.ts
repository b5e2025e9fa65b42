import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../core/errors.js';
import { fsyncDirectory, removeDurably, replaceSymlinkDurably, writeFileDurably } from './durable.js';

/** Something that is written outside of the root; `mode` is of a file, links have none. */
export type PlannedFile =
  | { kind: 'file'; path: string; content: string; mode: number }
  | { kind: 'link'; path: string; target: string };

/** What was at a path before; `content` is base64, because it must come back byte for byte. */
export type Before =
  | { kind: 'absent' }
  | { kind: 'link'; target: string }
  | { kind: 'file'; content: string; mode: number; uid: number; gid: number; mtimeMs: number };

/** What was there before files were written, and which directories were made for them: all that undoing needs. */
export interface Written {
  files: { path: string; before: Before }[];
  /** The deepest last. */
  directories: string[];
}

/** What is there now, at the paths that are to be written. The first record of a path stays. */
export function lookBefore(writes: PlannedFile[], earlier?: Written): Written {
  const known = new Set(earlier?.files.map(({ path }) => path));
  const added = writes
    .filter(({ path }) => !known.has(path))
    .map(({ path }) => ({ path, before: look(path) }));
  const missing = writes.flatMap(({ path }) => missingDirectories(dirname(path)));
  return {
    files: [...(earlier?.files ?? []), ...added],
    directories: [...new Set([...(earlier?.directories ?? []), ...missing])],
  };
}

/** Writes what was planned, in order, with the directories that it needs; what was there before is on record by now. */
export function writePlanned(writes: PlannedFile[]): void {
  for (const write of writes) {
    for (const directory of missingDirectories(dirname(write.path))) {
      mkdirSync(directory);
      ownLikeDirectory(directory);
      fsyncDirectory(dirname(directory));
    }
    if (write.kind === 'link') replaceSymlinkDurably(write.path, write.target);
    else {
      writeFileDurably(write.path, write.content, write.mode);
      chmodSync(write.path, write.mode);
      ownLikeDirectory(write.path);
    }
  }
}

/**
 * Puts back what was there before, byte for byte and with its mode, what was written last first. What others have put
 * into a directory of ours stays, and so does the directory. Doing it twice is fine.
 */
export function undoWritten({ files, directories }: Written): void {
  for (const { path, before } of files.toReversed()) putBack(path, before);
  for (const directory of directories.toReversed()) {
    try {
      rmdirSync(directory);
      fsyncDirectory(dirname(directory));
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw error;
    }
  }
}

function look(path: string): Before {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return { kind: 'absent' };
  if (stats.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path) };
  const { uid, gid, mtimeMs } = stats;
  return {
    kind: 'file',
    content: readFileSync(path).toString('base64'),
    ...{ mode: stats.mode & 0o7777, uid, gid, mtimeMs },
  };
}

function putBack(path: string, before: Before): void {
  if (!existsSync(dirname(path))) {
    if (before.kind === 'absent') return;
    mkdirSync(dirname(path), { recursive: true });
  }
  if (before.kind === 'absent') {
    removeDurably(path);
  } else if (before.kind === 'link') replaceSymlinkDurably(path, before.target);
  else {
    writeFileDurably(path, Buffer.from(before.content, 'base64'), before.mode);
    chownSync(path, before.uid, before.gid);
    chmodSync(path, before.mode);
    utimesSync(path, before.mtimeMs / 1000, before.mtimeMs / 1000);
  }
}

/** The directories on the way to this one that do not exist, the deepest last. */
function missingDirectories(path: string): string[] {
  return existsSync(path) ? [] : [...missingDirectories(dirname(path)), path];
}

/** The superuser who writes for another user leaves nothing in that user's directories that he cannot remove. */
export function ownLikeDirectory(path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  chownSync(path, uid, gid);
}
