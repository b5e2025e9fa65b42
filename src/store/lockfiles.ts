import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAboutFile, LARGEST, readPlainFile } from '../core/bounded-file.js';
import { sha256 } from '../core/sha256.js';
import { writeFileDurably } from '../host/durable.js';
import { checkReleaseId, directoryNames, type Manifest, releaseDirectory } from './manifest.js';
import type { Root } from './root.js';

/** Lockfiles kept. Each has some hundred KiB, and older ones are rarely used. */
const MOST = 20;

export function keptLockfile(root: Root, version: string): string | null {
  const path = pathOf(root, version);
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ? path : null;
}

/** Replaces the lockfile of a version, and removes the oldest above the limit. Returns the absolute path. */
export function keepLockfile(root: Root, version: string, text: string | Uint8Array): string {
  const path = pathOf(root, version);
  mkdirSync(root.lockfiles, { recursive: true, mode: 0o700 });
  writeFileDurably(path, text, 0o644, 'lockfile');
  const newestFirst = directoryNames(root.lockfiles)
    .filter((name) => !name.startsWith('.'))
    .map((name) => join(root.lockfiles, name))
    .map((path) => ({ path, at: lstatSync(path).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const old of newestFirst.slice(MOST)) rmSync(old.path);
  return path;
}

/**
 * Keeps the lockfile of a release before it is removed. An existing one stays: the operator chose it. Skips a
 * release from an archive, which no registry has, one without a checksum, and a lockfile that cannot be read.
 */
export function keepLockfileOf(root: Root, { id, version, integrity, lockfileDigest }: Manifest): void {
  if (id !== version || integrity === '' || keptLockfile(root, version)) return;
  let text: Buffer;
  try {
    text = readPlainFile(join(releaseDirectory(root, id), 'package-lock.json'), LARGEST);
  } catch (error) {
    if (isAboutFile(error)) return;
    throw error;
  }
  if (sha256(text) === lockfileDigest) keepLockfile(root, version, text);
}

function pathOf(root: Root, version: string): string {
  return join(root.lockfiles, `${checkReleaseId(version)}.json`);
}
