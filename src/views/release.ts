import { UnusableFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { currentRelease, previousRelease, readLink, readTrial } from '../store/links.js';
import { listReleases, type Manifest, releaseDirectory } from '../store/manifest.js';
import { type Quarantine, readPolicy } from '../store/policy.js';
import { quarantineOf } from '../store/quarantine.js';
import type { Root } from '../store/root.js';
import { runtimeFault } from '../store/runtimes.js';
import { tryReadYanked, whyYanked } from '../store/yanked.js';

export type Mark = 'running' | 'current' | 'previous' | 'trial' | 'pinned' | 'quarantined' | 'yanked';

/** A sealed release, and its part in the root. */
export interface ReleaseDocument extends Manifest {
  /** Absolute. */
  path: string;
  marks: Mark[];
  quarantine: Quarantine | null;
  /** Reason why its Node cannot start it, as the end of a sentence; null where it looks sound from outside. */
  fault: string | null;
}

/**
 * Lists sealed releases, oldest first.
 * @param running id of the release that runs, null if unknown
 */
export function releaseDocuments(
  root: Root,
  running: string | null,
): { releases: ReleaseDocument[]; unsealed: string[] } {
  const { releases, unsealed } = listReleases(root);
  const policy = readPolicy(root);
  const [current, previous] = [currentRelease(root), previousRelease(root)];
  const onTrial = readTrial(root)?.id;
  const list = tryReadYanked(root);
  const described = releases.map((manifest) => {
    const { id } = manifest;
    const quarantine = quarantineOf(policy, id);
    const marks: Record<Mark, boolean> = {
      running: running === id,
      current: current === id,
      previous: previous === id,
      trial: onTrial === id,
      pinned: policy.pins.includes(id),
      quarantined: quarantine !== null,
      yanked: list.state === 'ok' && whyYanked(list.value, manifest) !== null,
    };
    return {
      ...manifest,
      path: releaseDirectory(root, id),
      marks: (Object.keys(marks) as Mark[]).filter((mark) => marks[mark]),
      quarantine,
      fault: runtimeFault(root, manifest),
    };
  });
  return { releases: described, unsealed };
}

/**
 * Resolves `current` and `previous` to a release id; any other name stays as it is.
 * @throws ReleasesError `no_current`, `no_previous`; `corrupt_files` for a link that names no release
 */
export function resolveReleaseName(root: Root, name: string): string {
  if (name !== 'current' && name !== 'previous') return name;
  const { id, why } = readLink(root[name]);
  if (why !== undefined) throw new UnusableFile(root[name], why);
  if (id !== null) return id;
  return name === 'current'
    ? missing('no_current', 'No release is current yet.')
    : missing('no_previous', 'There is no previous release to return to.');
}

function missing(code: 'no_current' | 'no_previous', message: string): never {
  throw new ReleasesError(code, message, {
    hint: `openclaw-releases ${code === 'no_current' ? 'setup' : 'list'}`,
  });
}
