import { type Dirent, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isAboutFile } from '../core/bounded-file.js';
import { digestOne } from './digest.js';

export type FileKind = 'file' | 'directory' | 'link' | 'pipe' | 'socket' | 'device';

export interface TreeEntry {
  /** Relative to the tree. */
  path: string;
  kind: FileKind;
}

/** Few enough that Ctrl-C works at once. */
const FILES_PER_TURN = 200;

/** Entry of a list that says what a tree must hold. */
export type Listed = { path: string } & (
  | { kind: 'file'; sha256: string; size?: number }
  | { kind: 'link'; target: string }
  | { kind: 'directory' }
);

export interface TreeDifference {
  /** Relative to the tree; `.` when the list that would name the file is lost. */
  path: string;
  kind: 'changed' | 'missing' | 'added' | 'replaced' | 'unreadable';
  by?: FileKind;
}

export interface ListedTree {
  directory: string;
  list: readonly Listed[];
  /** Paths that do not belong to the tree. */
  outside: ReadonlySet<string>;
  /** Directories count as added where the list does not name them. */
  directories: boolean;
  /** Bytes of the largest file in the list, where it does not say their sizes. */
  largest: number;
}

/**
 * Compares a tree with its list: the only reader that does, for `verify`, drills, scrubs and restores. Yields after each
 * entry of the list, so that the caller can stop there, and after each stranger. Continues after a file that cannot be
 * read, and waits for no pipe.
 * @param from entries of the list that were compared before
 */
export function* compareListed(tree: ListedTree, from = 0): Generator<TreeDifference | null, void> {
  const { directory, list, outside, directories } = tree;
  const closed: string[] = [];
  const found = new Map<string, FileKind>();
  for (const { path, kind } of walkTree(directory, outside, closed)) found.set(path, kind);
  if (from === 0) for (const path of closed) yield { path, kind: 'unreadable' };
  const isHidden = (path: string) => closed.some((other) => path.startsWith(`${other}/`));
  for (const listed of list.slice(from)) yield isHidden(listed.path) ? null : compare(tree, listed, found);
  const known = new Set(list.map(({ path }) => path));
  for (const [path, kind] of found)
    if (!known.has(path) && (directories || kind !== 'directory')) yield { path, kind: 'added' };
}

/** Part of a comparison, for a caller whose time is bounded. */
export interface Piece {
  /** Entries of the list that earlier pieces compared. */
  from: number;
  /** True when this piece must end; asked after each entry. */
  isOver(): boolean;
}

export interface Compared {
  differences: TreeDifference[];
  /** Entries compared so far; null when all are, and no stranger is there. */
  next: number | null;
}

/** Compares a tree with its list, and lets other work of this process run meanwhile. */
export async function comparePiece(
  tree: ListedTree,
  { from, isOver }: Piece = { from: 0, isOver: () => false },
): Promise<Compared> {
  const differences: TreeDifference[] = [];
  let at = from;
  for (const difference of compareListed(tree, from)) {
    if (difference) differences.push(difference);
    if (++at % FILES_PER_TURN === 0) await setImmediate();
    if (at < tree.list.length && isOver()) return { differences, next: at };
  }
  return { differences, next: null };
}

function compare(
  { directory, largest }: ListedTree,
  listed: Listed,
  found: ReadonlyMap<string, FileKind>,
): TreeDifference | null {
  const { path } = listed;
  const kind = found.get(path);
  if (kind === undefined) return { path, kind: 'missing' };
  if (kind !== listed.kind) return { path, kind: 'replaced', by: kind };
  if (listed.kind === 'directory') return null;
  const at = join(directory, path);
  if (listed.kind === 'link') return targetOf(at) === listed.target ? null : { path, kind: 'changed' };
  const { sha256 } = digestOne(at, { largest: listed.size ?? largest });
  if (sha256 === listed.sha256) return null;
  return { path, kind: sha256 === 'unreadable' ? 'unreadable' : 'changed' };
}

/** Empty for a link that has just been removed. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (!isAboutFile(error)) throw error;
    return '';
  }
}

/**
 * Lists a directory before its content, sorted by code units, so the order does not depend on the locale.
 * @param closed receives the directories that cannot be read; without it they are an error
 */
export function* walkTree(
  directory: string,
  outside: ReadonlySet<string>,
  closed?: string[],
  below = '',
): Generator<TreeEntry> {
  for (const entry of entriesOf(directory, below, closed)) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (outside.has(path)) continue;
    const kind = kindOf(entry);
    yield { path, kind };
    if (kind === 'directory') yield* walkTree(directory, outside, closed, path);
  }
}

function entriesOf(directory: string, below: string, closed?: string[]): Dirent[] {
  try {
    const entries = readdirSync(join(directory, below), { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (!closed || !isAboutFile(error)) throw error;
    closed.push(below);
    return [];
  }
}

export function kindOf(entry: Dirent): FileKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isFIFO()) return 'pipe';
  return entry.isSocket() ? 'socket' : 'device';
}
