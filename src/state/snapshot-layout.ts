import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The names in `states/<name>/`. */
export const KEPT = {
  /** Last of all; see `KeptState`. */
  record: 'state.json',
  /** `FileList`; only snapshots have it. */
  list: 'files.json',
  /** What is `state`, at its paths. */
  files: 'files',
  /** What is `history`, at its paths. */
  history: 'history',
  /** The configuration file that lies outside of the state directory. */
  config: 'config',
} as const;

/** What a file was when it was copied. Modes are the original ones; copies are closed to everybody else. */
export interface CopiedFile {
  mode: number;
  /** Bytes. */
  size: number;
  /** In hex. */
  sha256: string;
}

/** One thing in `files/`; `path` is relative to the state directory. */
export type Entry = { path: string } & (
  | { kind: 'directory'; mode: number }
  | ({ kind: 'file' } & CopiedFile)
  | { kind: 'link'; target: string }
);

/** `states/<name>/files.json`. A directory comes before what is in it. */
export interface FileList {
  schema: 1;
  entries: Entry[];
  /** Of the file `config`, where there is one. */
  config: CopiedFile | null;
}

/** @param kept the directory of a kept state */
export function writeFileList(kept: string, list: FileList): void {
  writeFileSync(join(kept, KEPT.list), `${JSON.stringify(list)}\n`, { mode: 0o600 });
}

/** The list of a snapshot; throws when it is not whole. A set-aside state has none. */
export function readFileList(kept: string): FileList {
  return JSON.parse(readFileSync(join(kept, KEPT.list), 'utf8')) as FileList;
}
