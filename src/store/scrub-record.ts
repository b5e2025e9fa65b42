import { join } from 'node:path';
import { type RecordResult, readRecord, recordText } from '../core/record.js';
import type { Count, Moment, Name } from '../core/scalars.js';
import { writeFileDurably } from '../host/durable.js';
import { moveAside } from './move-aside.js';
import type { Root } from './root.js';

/** The last whole comparison of something kept. */
export interface Scrubbed {
  /** Its start: what was damaged later is found by the next one. */
  at: Moment;
  /** Sentences, each about one difference; empty for what is as it was kept. */
  damage: string[];
  /** Releases that depend on it. */
  releases: Name[];
  /** Time when its damage was handed to the notification of the root. */
  notifiedAt?: Moment;
}

/** `scrub.json`: what scrubs have compared, and where the next one continues. */
export interface ScrubFile {
  schema: 1;
  /** A comparison that was not finished. */
  cursor: {
    /** Path below the root. */
    name: string;
    /** Entries of its list that were compared. */
    next: Count;
    /** Its start. */
    at: Moment;
    damage: string[];
  } | null;
  /** By path below the root; `records` stands for all records. */
  checked: Record<string, Scrubbed>;
}

const pathOf = (root: Root) => join(root.path, 'scrub.json');

function tryReadScrub(root: Root): RecordResult<ScrubFile> {
  return readRecord(pathOf(root), 'scrub');
}

/** Returns an empty record when the file is missing or corrupt. */
export function readScrub(root: Root): ScrubFile {
  const found = tryReadScrub(root);
  return found.state === 'ok' ? found.value : { schema: 1, cursor: null, checked: {} };
}

/** Writes the file. The caller holds `scrub.lock`. */
export function writeScrub(root: Root, file: ScrubFile): void {
  const found = tryReadScrub(root);
  // A corrupt file must not be overwritten.
  if (found.state === 'corrupt') moveAside(root, pathOf(root), found.why);
  writeFileDurably(pathOf(root), recordText(file), 0o600);
}
