import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '../host/durable.js';
import { checkReleaseId, directoryNames, type Manifest, releaseDirectory } from './manifest.js';
import type { Root } from './root.js';

/** Some hundred KiB each, and older ones are hardly ever wanted. */
const MOST = 20;

/** The lockfile of a version that is to be installed as it says, or null. */
export function keptLockfile(root: Root, version: string): string | null {
  const path = pathOf(root, version);
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? path : null;
}

/**
 * Keeps a lockfile in the place of any other one of that version; the oldest go when there are too many.
 * @returns where, absolute
 */
export function keepLockfile(root: Root, version: string, text: string | Uint8Array): string {
  const path = pathOf(root, version);
  mkdirSync(root.lockfiles, { recursive: true, mode: 0o700 });
  writeFileDurably(path, text, 0o644, 'lockfile');
  const newestFirst = directoryNames(root.lockfiles)
    .filter((name) => !name.startsWith('.'))
    .map((name) => join(root.lockfiles, name))
    .map((path) => ({ path, at: statSync(path).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const old of newestFirst.slice(MOST)) rmSync(old.path);
  return path;
}

/**
 * Keeps what a release that goes was made of, unless there is one already: that one is from somebody who wants it so.
 * Nothing of a release that was adopted, or made of an archive: no registry could make either again.
 */
export function keepLockfileOf(root: Root, { id, version, integrity, lockfileDigest }: Manifest): void {
  if (id !== version || integrity === '' || keptLockfile(root, version)) return;
  const text = readFileSync(join(releaseDirectory(root, id), 'package-lock.json'));
  if (createHash('sha256').update(text).digest('hex') === lockfileDigest) keepLockfile(root, version, text);
}

function pathOf(root: Root, version: string): string {
  return join(root.lockfiles, `${checkReleaseId(version)}.json`);
}
