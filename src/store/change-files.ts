import { type Reading, readRecord } from '../core/record.js';
import { directoryNames } from './manifest.js';
import type { Root } from './root.js';

/** `changes/<id>.json`; what is in it is the business of whoever makes changes. */
export function changePath(root: Root, id: string): string {
  // There may be a thousand, and `join` looks at every character.
  return `${root.changes}/${id}.json`;
}

/** Ids of all changes that there are files of, oldest first. */
export function changeIds(root: Root): string[] {
  const names = directoryNames(root.changes).filter((name) => /^[^.].*\.json$/.test(name));
  return names.map((name) => name.slice(0, -'.json'.length));
}

/** One look at the record of a change; see `readRecord`. */
export function tryReadChange(root: Root, id: string): Reading<unknown> {
  return readRecord(changePath(root, id), 'change', id);
}
