import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readlinkSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { isAboutFile, LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { type DigestOptions, digestFiles } from './digests.js';
import { MANIFEST_FILE, type Manifest } from './manifest.js';

export const DIGESTS_FILE = 'files.sha256';

/** Not of the tree: the manifest says which Node it is, and `recover` may link another. */
const OUTSIDE = new Set([MANIFEST_FILE, DIGESTS_FILE, 'node']);

export interface TreeDigest {
  /** Text of `files.sha256`, for `sha256sum -c`; lines that start with `# ` are the symlinks. */
  text: string;
  digest: string;
  files: number;
  bytes: number;
  sizes: number[];
}

type FileKind = 'file' | 'directory' | 'link' | 'pipe' | 'socket' | 'device';

export interface TreeDifference {
  /** Relative to the release; `.` when the list that would name the file is lost. */
  path: string;
  kind: 'changed' | 'missing' | 'added' | 'replaced' | 'unreadable';
  by?: FileKind;
}

interface Entry {
  path: string;
  kind: FileKind;
}

/**
 * Digests every file of a release except its manifest, `files.sha256` and the link to its Node.
 * @param options `close` removes the write permission of each file
 * @throws ReleasesError `archive_invalid` for a name or kind of file that the list cannot hold, or a link that leaves
 *   the release
 */
export async function digestTree(directory: string, options?: DigestOptions): Promise<TreeDigest> {
  const entries: Entry[] = [];
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

function* filesOf(directory: string, entries: Entry[]): Generator<string> {
  for (const entry of walk(directory)) {
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
 * Lists what differs from the sealed release, in the order of its list. Continues after a file that cannot be read,
 * and waits for no pipe.
 */
export async function compareTree(
  directory: string,
  { treeDigest, bytes }: Pick<Manifest, 'treeDigest' | 'bytes'>,
): Promise<TreeDifference[]> {
  const closed: string[] = [];
  const entries = [...walk(directory, closed)];
  const files = entries.filter(({ kind }) => kind === 'file').map(({ path }) => join(directory, path));
  // Only a file that was replaced can be larger than the whole release.
  const digests = await digestFiles(files, { largest: bytes });
  const next = digests.values();
  const found = new Map<string, Entry & { line: string }>();
  for (const entry of entries) {
    const digest = entry.kind === 'file' ? (next.next().value?.sha256 ?? '') : '';
    found.set(entry.path, { ...entry, line: lineOf(directory, entry, digest) });
  }
  const lines = [...found.values()].filter(({ kind }) => kind !== 'directory').map(({ line }) => line);
  const isSame = sha256(`${lines.join('\n')}\n`) === treeDigest;
  const whole: TreeDifference = { path: '.', kind: 'changed' };

  const sealed = readList(directory);
  const differences: TreeDifference[] = [];
  if (typeof sealed !== 'string') differences.push(sealed);
  // An edited list no longer has the digest from the manifest.
  else if (sha256(sealed) !== treeDigest) differences.push({ path: DIGESTS_FILE, kind: 'changed' });
  if (isSame) return differences;
  if (typeof sealed !== 'string') return [...differences, whole];
  for (const path of closed) differences.push({ path, kind: 'unreadable' });
  const isHidden = (path: string) => closed.some((directory) => path.startsWith(`${directory}/`));
  const known = new Set<string>();
  const present = new Set(lines);
  for (const line of sealed.split('\n').filter(Boolean)) {
    const path = pathIn(line);
    known.add(path);
    if (present.has(line) || isHidden(path)) continue;
    differences.push({ path, ...difference(line, found.get(path)) });
  }
  for (const { path, kind } of entries)
    if (kind !== 'directory' && !known.has(path)) differences.push({ path, kind: 'added' });
  return differences.length === 0 ? [whole] : differences;
}

function difference(
  sealed: string,
  found: (Entry & { line: string }) | undefined,
): Omit<TreeDifference, 'path'> {
  if (found === undefined) return { kind: 'missing' };
  const { kind, line } = found;
  if (kind !== (sealed.startsWith('# ') ? 'link' : 'file')) return { kind: 'replaced', by: kind };
  return { kind: line.startsWith('unreadable') ? 'unreadable' : 'changed' };
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

function lineOf(directory: string, { path, kind }: Entry, digest: string): string {
  if (kind === 'file') return `${digest}  ${path}`;
  return kind === 'link' ? linkLine(path, targetOf(join(directory, path))) : `${kind}  ${path}`;
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

function linkLine(path: string, target: string): string {
  return `# ${path} -> ${target}`;
}

function pathIn(line: string): string {
  return line.startsWith('# ') ? (line.slice(2).split(' -> ')[0] ?? '') : line.slice(66);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Sorts by code units, so the order does not depend on the locale.
 * @param closed receives the directories that cannot be read; without it they are an error
 */
function* walk(directory: string, closed?: string[], below = ''): Generator<Entry> {
  for (const entry of entriesOf(directory, below, closed)) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (OUTSIDE.has(path)) continue;
    const kind = kindOf(entry);
    yield { path, kind };
    if (kind === 'directory') yield* walk(directory, closed, path);
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

function kindOf(entry: Dirent): FileKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isFIFO()) return 'pipe';
  return entry.isSocket() ? 'socket' : 'device';
}

function containedLink(directory: string, path: string): string {
  const target = readlinkSync(join(directory, path));
  const inside = relative(directory, resolve(join(directory, path), '..', target));
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw new ReleasesError('archive_invalid', `The link ${path} points out of the release, to ${target}.`);
  }
  return target;
}
