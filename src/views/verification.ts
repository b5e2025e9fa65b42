import type { ErrorRecord } from '../core/errors.js';
import { readManifest, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { compareTree, type TreeDifference } from '../store/tree.js';
import { resolveReleaseName } from './release.js';

export interface Verification {
  /** True when all files match the seal. */
  ok: boolean;
  release: string;
  treeDigest: string;
  files: number;
  differences: TreeDifference[];
  error?: ErrorRecord;
}

/**
 * Compares every file of a release with the digest in its seal.
 * @param name id, `current` or `previous`
 * @throws ReleasesError `no_current`, `no_previous`, `release_not_found`, `release_unsealed`
 */
export async function verifyRelease(root: Root, name: string): Promise<Verification> {
  const manifest = readManifest(root, resolveReleaseName(root, name));
  const { id, treeDigest, files } = manifest;
  const differences = await compareTree(releaseDirectory(root, id), manifest);
  const found = { ok: differences.length === 0, release: id, treeDigest, files, differences };
  if (found.ok) return found;
  return {
    ...found,
    error: {
      code: 'release_damaged',
      message: `${id} is not what was sealed: ${differences.length} differences.`,
      hint: `openclaw-releases rollback, then remove ${root.releases}/${id} and stage it again`,
    },
  };
}
