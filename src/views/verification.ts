import type { ErrorRecord } from '../core/errors.js';
import { readManifest, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { runtimeFault } from '../store/runtimes.js';
import { compareTree, type TreeDifference } from '../store/tree.js';
import { resolveReleaseName } from './release.js';

export interface Verification {
  /** True when all files, and its Node, match the seal. */
  ok: boolean;
  release: string;
  treeDigest: string;
  files: number;
  differences: TreeDifference[];
  /** Reason why its Node cannot start it, as the end of a sentence, or null. */
  fault: string | null;
  error?: ErrorRecord;
}

/**
 * Compares every file of a release, and its Node, with the digest in its seal.
 * @param name id, `current` or `previous`
 * @throws ReleasesError `no_current`, `no_previous`, `release_not_found`, `release_unsealed`
 */
export async function verifyRelease(root: Root, name: string): Promise<Verification> {
  const manifest = readManifest(root, resolveReleaseName(root, name));
  const { id, treeDigest, files } = manifest;
  const differences = await compareTree(releaseDirectory(root, id), manifest);
  const fault = runtimeFault(root, manifest, true);
  const ok = differences.length === 0 && fault === null;
  const found = { ok, release: id, treeDigest, files, differences, fault };
  if (ok) return found;
  const [message, hint] =
    differences.length === 0
      ? [`${id} cannot be started: ${fault}.`, 'openclaw-releases recover']
      : [
          `${id} is not what was sealed: ${differences.length} differences.`,
          `openclaw-releases rollback, then remove ${root.releases}/${id} and stage it again`,
        ];
  return { ...found, error: { code: 'release_damaged', message, hint } };
}
