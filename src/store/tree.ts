import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { type DigestOptions, digestFiles } from './digests.js';
import { MANIFEST_FILE } from './manifest.js';

export const DIGESTS_FILE = 'files.sha256';

export interface TreeDigest {
  /** Text of `files.sha256`, for `sha256sum -c`; lines that start with `# ` are the symlinks. */
  text: string;
  /** sha256 of that text, in hex. */
  digest: string;
  files: number;
  bytes: number;
  /** Bytes of each file, in the order of the list. */
  sizes: number[];
}

export interface TreeDifference {
  path: string;
  kind: 'changed' | 'missing' | 'added';
}

/**
 * Digests every file of a release except its manifest and `files.sha256`.
 * @param options `close` removes the write permission of each file
 * @throws ReleasesError `archive_invalid` for a name that the list cannot hold, or a link that leaves the release
 */
export async function digestTree(directory: string, options?: DigestOptions): Promise<TreeDigest> {
  const entries: Entry[] = [];
  const { digests, sizes } = await digestFiles(filesOf(directory, entries), options);
  const next = digests.values();
  const lines = entries.map(({ path, isLink }) =>
    isLink ? `# ${path} -> ${containedLink(directory, path)}` : `${next.next().value}  ${path}`,
  );
  const text = `${lines.join('\n')}\n`;
  const digest = createHash('sha256').update(text).digest('hex');
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { text, digest, files: digests.length, bytes, sizes };
}

interface Entry {
  path: string;
  isLink: boolean;
}

function* filesOf(directory: string, entries: Entry[]): Generator<string> {
  for (const entry of walk(directory)) {
    entries.push(entry);
    if (!entry.isLink) yield join(directory, entry.path);
  }
}

export async function compareTree(directory: string, treeDigest: string): Promise<TreeDifference[]> {
  const sealed = readFileSync(join(directory, DIGESTS_FILE), 'utf8');
  const sealedDigest = createHash('sha256').update(sealed).digest('hex');
  const found = await digestTree(directory);
  if (found.digest === treeDigest && sealedDigest === treeDigest) return [];
  const before = byPath(sealed);
  const after = byPath(found.text);
  const differences: TreeDifference[] = [];
  // An edited list no longer has the digest from the manifest.
  if (sealedDigest !== treeDigest) differences.push({ path: DIGESTS_FILE, kind: 'changed' });
  for (const [path, line] of before) {
    if (!after.has(path)) differences.push({ path, kind: 'missing' });
    else if (after.get(path) !== line) differences.push({ path, kind: 'changed' });
  }
  for (const path of after.keys()) if (!before.has(path)) differences.push({ path, kind: 'added' });
  return differences;
}

function byPath(text: string): Map<string, string> {
  const lines = text.split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => [
      line.startsWith('# ') ? (line.slice(2).split(' -> ')[0] ?? '') : line.slice(66),
      line,
    ]),
  );
}

/** Sorts by code units, so the order does not depend on the locale. */
function* walk(directory: string, below = ''): Generator<Entry> {
  const entries = readdirSync(join(directory, below), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (/[\n\\]/.test(entry.name))
      throw new ReleasesError('archive_invalid', `A file name in ${below} cannot be listed.`);
    if (!below && (path === MANIFEST_FILE || path === DIGESTS_FILE)) continue;
    if (entry.isDirectory()) yield* walk(directory, path);
    else if (entry.isFile() || entry.isSymbolicLink()) yield { path, isLink: entry.isSymbolicLink() };
    else throw new ReleasesError('archive_invalid', `${path} is neither a file, a directory nor a symlink.`);
  }
}

/** Only `node` may leave the release: it points to the runtime. */
function containedLink(directory: string, path: string): string {
  const target = readlinkSync(join(directory, path));
  const inside = relative(directory, resolve(join(directory, path), '..', target));
  if (path !== 'node' && (inside === '..' || inside.startsWith(`..${sep}`))) {
    throw new ReleasesError('archive_invalid', `The link ${path} points out of the release, to ${target}.`);
  }
  return target;
}
