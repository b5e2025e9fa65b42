import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { isAboutFile, LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { sha256 } from '../core/sha256.js';
import {
  type Compared,
  comparePiece,
  kindOf,
  type Listed,
  type ListedTree,
  type Piece,
  type TreeDifference,
  type TreeEntry,
  walkTree,
} from '../host/listed-tree.js';
import { type DigestOptions, digestFiles } from './digests.js';
import { MANIFEST_FILE, type Manifest } from './manifest.js';

export const DIGESTS_FILE = 'files.sha256';

/** Not of the tree: the manifest says which Node it is, and `recover` may link another. */
export const OUTSIDE = new Set([MANIFEST_FILE, DIGESTS_FILE, 'node']);

export interface TreeDigest {
  /** Text of `files.sha256`, for `sha256sum -c`; lines that start with `# ` are the symlinks. */
  text: string;
  digest: string;
  files: number;
  bytes: number;
  sizes: number[];
}

/**
 * Digests every file of a release except its manifest, `files.sha256` and the link to its Node.
 * @param options `close` removes the write permission of each file
 * @throws ReleasesError `archive_invalid` for a name or kind of file that the list cannot hold, or a link that leaves
 *   the release
 */
export async function digestTree(directory: string, options?: DigestOptions): Promise<TreeDigest> {
  const entries: TreeEntry[] = [];
  const digests = await digestFiles(filesOf(directory, entries), options);
  const next = digests.values();
  const lines = entries.map(({ path, kind }) =>
    kind === 'link'
      ? linkLine(path, containedLink(directory, path))
      : `${next.next().value?.sha256}  ${path}`,
  );
  const text = `${lines.join('\n')}\n`;
  if (text.length > LARGEST) throw new ReleasesError('archive_invalid', 'It has too many files to list.');
  const sizes = digests.map(({ size }) => size);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { text, digest: sha256(text), files: digests.length, bytes, sizes };
}

function* filesOf(directory: string, entries: TreeEntry[]): Generator<string> {
  for (const entry of walkTree(directory, OUTSIDE)) {
    const { path, kind } = entry;
    if (/[\n\\]/.test(path))
      throw new ReleasesError('archive_invalid', `The file name ${JSON.stringify(path)} cannot be listed.`);
    if (kind === 'directory') continue;
    if (kind !== 'file' && kind !== 'link')
      throw new ReleasesError('archive_invalid', `${path} is neither a file, a directory nor a symlink.`);
    entries.push(entry);
    if (kind === 'file') yield join(directory, path);
  }
}

/**
 * Lists what differs from the sealed release, in the order of its list. A damaged list is compared at once.
 */
export async function compareRelease(
  directory: string,
  { treeDigest, bytes }: Pick<Manifest, 'treeDigest' | 'bytes'>,
  piece?: Piece,
): Promise<Compared> {
  const sealed = readList(directory);
  const tree = (text: string): ListedTree => ({
    ...{ directory, list: listedIn(directory, text), outside: OUTSIDE, directories: false },
    // Only a file that was replaced can be larger than the whole release.
    largest: bytes,
  });
  // An edited list no longer has the digest from the manifest.
  if (typeof sealed === 'string' && sha256(sealed) === treeDigest) return comparePiece(tree(sealed), piece);
  const list: TreeDifference = typeof sealed === 'string' ? { path: DIGESTS_FILE, kind: 'changed' } : sealed;
  if (await hasDigest(directory, treeDigest, bytes)) return { differences: [list], next: null };
  if (typeof sealed !== 'string') return { differences: [list, { path: '.', kind: 'changed' }], next: null };
  const { differences } = await comparePiece(tree(sealed));
  return { differences: [list, ...differences], next: null };
}

export async function compareTree(
  directory: string,
  manifest: Pick<Manifest, 'treeDigest' | 'bytes'>,
): Promise<TreeDifference[]> {
  return (await compareRelease(directory, manifest)).differences;
}

/** False also for a tree that no list could describe. */
async function hasDigest(directory: string, treeDigest: string, largest: number): Promise<boolean> {
  try {
    return (await digestTree(directory, { largest })).digest === treeDigest;
  } catch (error) {
    if (!(error instanceof ReleasesError || isAboutFile(error))) throw error;
    return false;
  }
}

/** Entries of `files.sha256`. The name of a link may hold an arrow: the first one ends the name. */
export function parseList(text: string): Listed[] {
  return linesOf(text).map((line) => entryOf(line)[0] as Listed);
}

/** Likewise, but the name that is there is taken. */
function listedIn(directory: string, text: string): Listed[] {
  const there = ({ path }: Listed) => lstatSync(join(directory, path), { throwIfNoEntry: false });
  return linesOf(text).map((line) => {
    const splits = entryOf(line);
    return ((splits.length > 1 ? splits.find(there) : undefined) ?? splits[0]) as Listed;
  });
}

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

/** Readings of a line, at least one; more only for a link with an arrow in it. */
function entryOf(line: string): Listed[] {
  if (!line.startsWith('# ')) return [{ kind: 'file', sha256: line.slice(0, 64), path: line.slice(66) }];
  const parts = line.slice(2).split(' -> ');
  const splits = parts.slice(1).map((_, at): Listed => {
    const path = parts.slice(0, at + 1).join(' -> ');
    return { kind: 'link', path, target: parts.slice(at + 1).join(' -> ') };
  });
  return splits.length > 0 ? splits : [{ kind: 'link', path: line.slice(2), target: '' }];
}

/** Text of `files.sha256`, or what is wrong with that file. */
function readList(directory: string): string | TreeDifference {
  const path = DIGESTS_FILE;
  const there = readdirSync(directory, { withFileTypes: true }).find(({ name }) => name === path);
  if (!there) return { path, kind: 'missing' };
  const kind = kindOf(there);
  if (kind !== 'file') return { path, kind: 'replaced', by: kind };
  try {
    return readPlainFile(join(directory, path), LARGEST).toString();
  } catch (error) {
    if (!isAboutFile(error)) throw error;
    return { path, kind: 'unreadable' };
  }
}

function linkLine(path: string, target: string): string {
  return `# ${path} -> ${target}`;
}

function containedLink(directory: string, path: string): string {
  const target = readlinkSync(join(directory, path));
  if (isContained(path, target)) return target;
  throw new ReleasesError('archive_invalid', `The link ${path} points out of the release, to ${target}.`);
}

/** Returns false for a link that leads out of its tree. */
export function isContained(path: string, target: string): boolean {
  const inside = relative('/tree', resolve('/tree', path, '..', target));
  return inside !== '..' && !inside.startsWith(`..${sep}`);
}
