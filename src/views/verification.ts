import { type ErrorRecord, toErrorRecord } from '../core/errors.js';
import type { TreeDifference } from '../host/listed-tree.js';
import { damageOf } from '../store/damage.js';
import { readManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { resolveReleaseName } from './release.js';

export interface Verification {
  /** True when all files, and its Node, match the seal. */
  ok: boolean;
  release: string;
  treeDigest: string;
  files: number;
  differences: TreeDifference[];
  /** Other releases that have a damaged file too, as another name of it. */
  sharedWith: string[];
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
  const { differences, sharedWith, fault, error } = await damageOf(root, manifest);
  const found = { ok: error === null, release: id, treeDigest, files, differences, sharedWith, fault };
  return error === null ? found : { ...found, error: toErrorRecord(error) };
}
