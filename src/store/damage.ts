import { ReleasesError } from '../core/errors.js';
import type { TreeDifference } from '../host/listed-tree.js';
import { currentRelease } from './links.js';
import { findManifest, type Manifest, releaseDirectory } from './manifest.js';
import { changeCommand, packPath } from './pack-target.js';
import type { Root } from './root.js';
import { runtimeFault } from './runtimes.js';
import { sharersOf } from './sharers.js';
import { compareTree } from './tree.js';

export interface Damage {
  differences: TreeDifference[];
  /** Other releases that have a damaged file too, as another name of it. */
  sharedWith: string[];
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
  const sharedWith = [...sharersOf(root, id, differences).keys()];
  if (differences.length > 0) {
    const others = sharedWith.length > 0 ? ` Damaged files are shared with ${sharedWith.join(', ')}.` : '';
    const message = `${id} is not what was sealed: ${differences.length} differences.${others}`;
    const hint = againHint(root, id);
    return { differences, sharedWith, fault, error: damaged(message, hint) };
  }
  const error =
    fault === null ? null : damaged(`${id} cannot be started: ${fault}.`, 'openclaw-releases recover');
  return { differences, sharedWith, fault, error };
}

/** Staging replaces a damaged release, unless that one runs. An imported one comes from its pack: no registry may be there. */
export function againHint(root: Root, id: string): string {
  const spec = findManifest(root, id)?.spec ?? id;
  const again = `${changeCommand('stage', packPath(spec) === null ? id : spec)}, which stages it again`;
  return id === currentRelease(root) ? `openclaw-releases rollback, then ${again}` : again;
}

/** @throws ReleasesError `release_damaged` */
export async function requireUndamaged(root: Root, manifest: Manifest): Promise<void> {
  const { error } = await damageOf(root, manifest);
  if (error !== null) throw error;
}

function damaged(message: string, hint: string): ReleasesError {
  return new ReleasesError('release_damaged', message, { hint });
}
