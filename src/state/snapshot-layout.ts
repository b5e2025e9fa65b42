import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UnusableFile } from '../core/bounded-file.js';
import { readRecord, recordText } from '../core/record.js';
import type { Count, FileMode, PathBelow, Sha256 } from '../core/scalars.js';

export const KEPT = {
  /** Written last; see `Snapshot`. */
  record: 'state.json',
  /** `FileList`; only snapshots have it. */
  list: 'files.json',
  files: 'files',
  history: 'history',
  /** Configuration file from outside of the state directory. */
  config: 'config',
} as const;

/** Properties at the time of the copy. `mode` is the original one; the copy itself is closed to other users. */
export interface CopiedFile {
  mode: FileMode;
  /** Bytes. */
  size: Count;
  sha256: Sha256;
}

/** Entry of `files/`; `path` is relative to the state directory. */
export type Entry = { path: PathBelow } & (
  | { kind: 'directory'; mode: FileMode }
  | ({ kind: 'file' } & CopiedFile)
  | { kind: 'link'; target: string }
);

/** `states/<name>/files.json`, a directory before its content. */
export interface FileList {
  schema: 1;
  entries: Entry[];
  config: CopiedFile | null;
  /** Files of `history/`, relative to it; absent in older lists. */
  history?: ({ path: PathBelow; kind: 'file' } & CopiedFile)[];
}

export function writeFileList(kept: string, list: FileList): void {
  writeFileSync(join(kept, KEPT.list), recordText(list, 0), { mode: 0o600 });
}

/** Reads the list of a snapshot. A displaced state has none. @throws UnusableFile */
export function readFileList(kept: string): FileList {
  const path = join(kept, KEPT.list);
  const found = readRecord<FileList>(path, 'file-list');
  if (found.state === 'ok') return found.value;
  throw new UnusableFile(path, found.state === 'missing' ? 'is not there' : found.why);
}
