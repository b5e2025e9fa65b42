import { type RecordResult, readRecord } from '../core/record.js';
import { directoryNames } from './manifest.js';
import type { Root } from './root.js';

export function changePath(root: Root, id: string): string {
  // Not `join`, which scans every character: there may be a thousand changes.
  return `${root.changes}/${id}.json`;
}

export function changeIds(root: Root): string[] {
  const names = directoryNames(root.changes).filter((name) => /^[^.].*\.json$/.test(name));
  return names.map((name) => name.slice(0, -'.json'.length));
}

export function tryReadChange(root: Root, id: string): RecordResult<unknown> {
  return readRecord(changePath(root, id), 'change', id);
}
