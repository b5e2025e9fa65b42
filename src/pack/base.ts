import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { LARGEST, openPlainFile, readPlainFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { sha256 } from '../core/sha256.js';
import { copyOpen } from '../host/digest.js';
import { findManifest, type Manifest, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { nodeFault } from '../store/runtimes.js';
import { DIGESTS_FILE, parseList } from '../store/tree.js';
import type { Pack } from './pack.js';

/** Text of the list of a release. @throws ReleasesError `release_damaged` */
export function listOf(root: Root, { id, treeDigest }: Manifest): Buffer {
  const list = readPlainFile(join(releaseDirectory(root, id), DIGESTS_FILE), LARGEST);
  if (sha256(list) === treeDigest) return list;
  throw damaged(id, DIGESTS_FILE);
}

/** Files of a release by their digests; absolute paths. @throws ReleasesError `release_damaged` */
export function filesByDigest(root: Root, manifest: Manifest): Map<string, string> {
  const directory = releaseDirectory(root, manifest.id);
  const listed = parseList(listOf(root, manifest).toString());
  return new Map(
    listed.flatMap((entry) => (entry.kind === 'file' ? [[entry.sha256, join(directory, entry.path)]] : [])),
  );
}

/** Release that a pack builds on; null for a pack that needs none. @throws ReleasesError `pack_base_missing` */
export function requireBase(root: Root, { base, node }: Pick<Pack, 'base' | 'node'>): Manifest | null {
  if (base === null) return null;
  const here = findManifest(root, base.id);
  const isSame = here?.treeDigest === base.treeDigest;
  const fault = here && isSame && base.hasNode ? otherNode(root, here, node.sha256) : null;
  if (isSame && fault === null) return here;
  const why = fault ?? (here ? 'which has other files here' : 'which is not here');
  throw new ReleasesError('pack_base_missing', `The pack builds on ${base.id}, ${why}.`, {
    hint: 'Import a pack that was made without --base.',
  });
}

/** Reason why a base does not have the Node of the pack, to be read after its name. */
function otherNode(root: Root, { runtime }: Manifest, sha256: string): string | null {
  const isSame = runtime.sha256 === sha256 && nodeFault(root, runtime, false) === null;
  return isSame ? null : 'which has another Node here';
}

/** Copies a file of the base, and compares it meanwhile. @throws ReleasesError `release_damaged` */
export function copyFromBase(from: string, digest: string, into: string, mode: number): number {
  const { fd, stats } = openPlainFile(from);
  try {
    if (copyOpen(fd, stats.size, into, mode) !== digest) throw damaged('The base of the pack', from);
    return stats.size;
  } finally {
    closeSync(fd);
  }
}

function damaged(of: string, path: string): ReleasesError {
  return new ReleasesError('release_damaged', `${of} is damaged: ${path} is not what was sealed.`, {
    hint: 'openclaw-releases verify, for each release',
    untouched: 'Nothing that runs was changed.',
  });
}
