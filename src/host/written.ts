import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  utimesSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../core/errors.js';
import type { AbsolutePath, Count, FileMode } from '../core/scalars.js';
import { fsyncDirectory, removeDurably, replaceSymlinkDurably, writeFileDurably } from './durable.js';

/** File or link to write outside of the root; links have no `mode`. */
export type PlannedFile =
  | { kind: 'file'; path: string; content: string; mode: FileMode }
  | { kind: 'link'; path: string; target: string };

/** Earlier content of a path; base64, because undo restores it byte for byte. */
export type Before =
  | { kind: 'absent' }
  | { kind: 'link'; target: string }
  | { kind: 'file'; content: string; mode: FileMode; uid: Count; gid: Count; mtimeMs: number };

/** Earlier content and created directories: everything that undo needs. */
export interface Written {
  files: { path: AbsolutePath; before: Before }[];
  /** Deepest last. */
  directories: AbsolutePath[];
}

/** Records the present content of the paths to write. The first record of a path stays. */
export function lookBefore(writes: readonly { path: string }[], earlier?: Written): Written {
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

/** Writes the planned files in order, with missing directories; the caller has recorded the earlier content. */
export function writePlanned(writes: PlannedFile[]): void {
  for (const write of writes) {
    for (const directory of missingDirectories(dirname(write.path))) {
      mkdirSync(directory);
      // Root's mask may be 077, and the gateway's user reads these files.
      if (process.geteuid?.() === 0) chmodSync(directory, 0o755);
      fsyncDirectory(dirname(directory));
    }
    if (write.kind === 'link') replaceSymlinkDurably(write.path, write.target);
    else {
      writeFileDurably(write.path, write.content, write.mode);
      chmodSync(write.path, write.mode);
    }
  }
}

/** Restores earlier content and mode, last write first; directories with files of others stay. Safe to repeat. */
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

/** Missing directories on the way to a path, deepest last. */
function missingDirectories(path: string): string[] {
  return existsSync(path) ? [] : [...missingDirectories(dirname(path)), path];
}
