import { ReleasesError } from '../core/errors.js';
import type { TreeDifference } from '../host/listed-tree.js';
import { currentRelease } from './links.js';
import { type Manifest, releaseDirectory } from './manifest.js';
import type { Root } from './root.js';
import { runtimeFault } from './runtimes.js';
import { compareTree } from './tree.js';

export interface Damage {
  differences: TreeDifference[];
  /** Reason why its Node cannot start it, as the end of a sentence, or null. */
  fault: string | null;
  /** `release_damaged`; null for a release that is intact. */
  error: ReleasesError | null;
}

/** Compares every file of a release, and its Node, with the digests in its seal. */
export async function damageOf(root: Root, manifest: Manifest): Promise<Damage> {
  const { id } = manifest;
  const differences = await compareTree(releaseDirectory(root, id), manifest);
  const fault = runtimeFault(root, manifest, true);
  if (differences.length > 0) {
    const message = `${id} is not what was sealed: ${differences.length} differences.`;
    const hint = againHint(id, currentRelease(root));
    return { differences, fault, error: damaged(message, hint) };
  }
  const error =
    fault === null ? null : damaged(`${id} cannot be started: ${fault}.`, 'openclaw-releases recover');
  return { differences, fault, error };
}

/** Staging replaces a damaged release, unless that one runs. */
export function againHint(id: string, current: string | null): string {
  const again = `openclaw-releases stage ${id}, which stages it again`;
  return id === current ? `openclaw-releases rollback, then ${again}` : again;
}

/** @throws ReleasesError `release_damaged` */
export async function requireUndamaged(root: Root, manifest: Manifest): Promise<void> {
  const { error } = await damageOf(root, manifest);
  if (error !== null) throw error;
}

function damaged(message: string, hint: string): ReleasesError {
  return new ReleasesError('release_damaged', message, { hint });
}
