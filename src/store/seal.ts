import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';
import { recordText } from '../core/record.js';
import { fsyncDirectory, renameDurably, writeFileDurably } from '../host/durable.js';
import { syncFilesystem } from '../host/sync.js';
import { directoryNames, listReleases, MANIFEST_FILE, type Manifest, releaseDirectory } from './manifest.js';
import type { Root } from './root.js';
import { DIGESTS_FILE, digestTree } from './tree.js';

export type UnsealedManifest = Omit<
  Manifest,
  'schema' | 'treeDigest' | 'files' | 'bytes' | 'addedBytes' | 'sealedAt'
>;

export interface SealOptions {
  signal?: AbortSignal;
  replaces?: boolean;
  /** Digest that the tree must have. */
  treeDigest?: string;
}

/**
 * Turns a staged tree into a release: digests, read-only, sync to disk, manifest, rename. This order leaves no release
 * or a complete one after a power cut: a test that renamed before the sync left 12,582 of 12,583 files empty.
 * @throws ReleasesError `release_exists`, `archive_invalid`, `probe_failed`; system errors such as ENOSPC
 */
export async function sealRelease(
  root: Root,
  staged: string,
  about: UnsealedManifest,
  { signal, replaces = false, treeDigest: expected }: SealOptions = {},
): Promise<Manifest> {
  const destination = releaseDirectory(root, about.id);
  if (!replaces && existsSync(destination)) {
    throw new ReleasesError('release_exists', `${destination} exists already.`, {
      hint: `openclaw-releases show ${about.id}`,
    });
  }
  const tree = await digestTree(staged, { signal, close: true });
  if (expected !== undefined && tree.digest !== expected)
    throw new ReleasesError('probe_failed', `${about.id} changed its own files while it was tried.`, {
      hint: `openclaw-releases list, for a release other than ${about.id}`,
    });
  writeFileSync(join(staged, DIGESTS_FILE), tree.text, { mode: 0o444 });
  const sizes = [Buffer.byteLength(tree.text), ...tree.sizes, ...closeDirectories(staged)];
  const block = statfsSync(staged).bsize;
  const taken = sizes.reduce((sum, size) => sum + Math.ceil(size / block) * block, 0);
  // A directory must be writable to move to another parent; `close` ends that below.
  chmodSync(staged, 0o755);
  await syncFilesystem(staged);
  const { digest: treeDigest, files, bytes } = tree;
  const { sharedBytes = 0 } = about;
  const manifest: Manifest = {
    schema: 1,
    ...about,
    treeDigest,
    files,
    bytes,
    addedBytes: taken - sharedBytes,
    sharedBytes,
    sealedAt: new Date().toISOString(),
  };
  writeFileDurably(join(staged, MANIFEST_FILE), recordText(manifest), 0o444);
  const remove = replaces ? moveOut(root, destination) : null;
  renameDurably(staged, destination, 'release');
  close(destination);
  remove?.();
  return manifest;
}

/** Replaces a runtime of that name, which is damaged. */
export async function sealRuntime(root: Root, staged: string, name: string): Promise<void> {
  const destination = join(root.runtimes, name);
  makeReadOnly(staged);
  chmodSync(staged, 0o755);
  await syncFilesystem(staged);
  removeTree(root, destination);
  renameDurably(staged, destination, 'runtime');
  close(destination);
}

/** Makes the directory read-only, the last step of sealing; durable against a power cut. */
function close(directory: string): void {
  chmodSync(directory, 0o555);
  fsyncDirectory(directory);
}

/** Makes releases and runtimes read-only again whose sealing or removal stopped just after or before the rename. */
export function closeSealed(root: Root): void {
  const sealed = [
    ...listReleases(root).releases.map(({ id }) => releaseDirectory(root, id)),
    ...directoryNames(root.runtimes).map((name) => join(root.runtimes, name)),
  ];
  for (const directory of sealed) {
    const stats = lstatSync(directory);
    // What lies behind a link is not ours.
    if (stats.isDirectory() && stats.mode & 0o222) close(directory);
  }
}

function makeReadOnly(path: string): void {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return;
  if (stats.isDirectory()) for (const name of readdirSync(path)) makeReadOnly(join(path, name));
  chmodSync(path, stats.mode & 0o555);
}

function* closeDirectories(path: string): Generator<number> {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) yield* closeDirectories(join(path, entry.name));
  const { mode, size } = lstatSync(path);
  chmodSync(path, mode & 0o555);
  yield size;
}

/**
 * Removes a release, a runtime or a staging directory. Moves it to `staging/` first, so that no half-removed tree has a
 * name that the launcher would start. Read-only directories must become writable before they can be emptied.
 */
export function removeTree(root: Root, path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return;
  if (!stats.isDirectory()) {
    rmSync(path);
    return;
  }
  moveOut(root, path)();
}

/** @returns what removes it where it is now */
function moveOut(root: Root, path: string): () => void {
  mkdirSync(root.staging, { recursive: true });
  const doomed = join(root.staging, `removed-${basename(path)}-${randomBytes(4).toString('hex')}`);
  chmodSync(path, 0o755);
  try {
    renameSync(path, doomed);
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
    // An overlay moves no directory of its lower layer. Without its record, or its Node, nothing starts what is half removed.
    openDirectories(path);
    for (const name of [MANIFEST_FILE, 'bin/node']) rmSync(join(path, name), { force: true });
    rmSync(path, { recursive: true, force: true });
    return () => {};
  }
  return () => {
    openDirectories(doomed);
    rmSync(doomed, { recursive: true, force: true });
  };
}

function openDirectories(path: string): void {
  chmodSync(path, 0o755);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openDirectories(join(path, entry.name));
  }
}
