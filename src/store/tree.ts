import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ReleasesError } from '../errors.js';
import { MANIFEST_FILE } from './manifest.js';

export const DIGESTS_FILE = 'files.sha256';

/** Enough files to be fast, few enough that Ctrl-C is answered at once. */
const FILES_PER_TURN = 500;

export interface TreeDigest {
  /** The text of `files.sha256`: what `sha256sum -c` reads; lines that start with `# ` are the symlinks. */
  text: string;
  /** sha256 of that text, in hex. */
  digest: string;
  files: number;
  bytes: number;
}

export interface TreeDifference {
  path: string;
  kind: 'changed' | 'missing' | 'added';
}

/**
 * Digests every file of a release, its own two records aside.
 * @throws ReleasesError `archive_invalid` for a name no list can hold, or a link that leaves the release
 */
export async function digestTree(directory: string, signal?: AbortSignal): Promise<TreeDigest> {
  const lines: string[] = [];
  const buffer = Buffer.allocUnsafe(1 << 20);
  let files = 0;
  let bytes = 0;
  for (const path of walk(directory)) {
    const stats = lstatSync(join(directory, path));
    if (stats.isSymbolicLink()) {
      lines.push(`# ${path} -> ${containedLink(directory, path)}`);
      continue;
    }
    lines.push(`${digestFile(join(directory, path), buffer)}  ${path}`);
    bytes += stats.size;
    if (++files % FILES_PER_TURN === 0) {
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  const text = `${lines.join('\n')}\n`;
  return { text, digest: createHash('sha256').update(text).digest('hex'), files, bytes };
}

/** What differs between a sealed release and the list it was sealed with; nothing when it is intact. */
export async function compareTree(directory: string, treeDigest: string): Promise<TreeDifference[]> {
  const sealed = readFileSync(join(directory, DIGESTS_FILE), 'utf8');
  const sealedDigest = createHash('sha256').update(sealed).digest('hex');
  const found = await digestTree(directory);
  if (found.digest === treeDigest && sealedDigest === treeDigest) return [];
  const before = byPath(sealed);
  const after = byPath(found.text);
  const differences: TreeDifference[] = [];
  // A list that was edited together with a file no longer has the digest that the manifest keeps.
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

/** Paths of all files and symlinks, in an order that does not depend on the locale. */
function* walk(directory: string, below = ''): Generator<string> {
  const entries = readdirSync(join(directory, below), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (/[\n\\]/.test(entry.name))
      throw new ReleasesError('archive_invalid', `A file name in ${below} cannot be listed.`);
    if (!below && (path === MANIFEST_FILE || path === DIGESTS_FILE)) continue;
    if (entry.isDirectory()) yield* walk(directory, path);
    else if (entry.isFile() || entry.isSymbolicLink()) yield path;
    else throw new ReleasesError('archive_invalid', `${path} is neither a file, a directory nor a symlink.`);
  }
}

function digestFile(path: string, buffer: Buffer): string {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    for (let read = readSync(fd, buffer); read > 0; read = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

/** The link's target. Only `node` may point out of the release: to the runtime it is started with. */
function containedLink(directory: string, path: string): string {
  const target = readlinkSync(join(directory, path));
  const inside = relative(directory, resolve(join(directory, path), '..', target));
  if (path !== 'node' && (inside === '..' || inside.startsWith(`..${sep}`))) {
    throw new ReleasesError('archive_invalid', `The link ${path} points out of the release, to ${target}.`);
  }
  return target;
}
