import { join } from 'node:path';
import { ReleasesError } from '../errors.js';
import { ASIDE_DIRECTORY, REASONS_FILE } from './aside.js';
import { directoryNames, listReleases, type Manifest, releaseDirectory } from './manifest.js';
import { quarantineOf, readPolicy } from './policy.js';
import type { Root } from './root.js';
import { removeTree } from './seal.js';
import { findUnreadable } from './unreadable.js';

/** Releases kept beyond those that something needs. */
export const KEEP_RELEASES = 3;

export interface Collection {
  remove: { id: string; bytes: number }[];
  /** Directories below `releases/` that are no releases. */
  removeUnsealed: string[];
  removeRuntimes: string[];
  keep: { id: string; reason: string }[];
}

/**
 * What can go: nothing that `needed` names, and not the newest `keep` releases of those that are not in quarantine. Only decides; see `collect`.
 * Refuses as long as there is something that cannot be read: a pin or a change may have been in it.
 * @throws ReleasesError `unreadable_files`
 * @param needed release id to the reason why it stays: it runs, it is pinned, a link or a change names it
 */
export function planCollection(
  root: Root,
  needed: ReadonlyMap<string, string>,
  keep = KEEP_RELEASES,
): Collection {
  requireReadable(root);
  const { releases, unsealed } = listReleases(root);
  const policy = readPolicy(root);
  // One that failed here must not take the place of one that was well.
  const candidates = releases.filter(({ id }) => quarantineOf(policy, id) === null);
  const newest = new Set(candidates.slice(Math.max(0, candidates.length - keep)).map(({ id }) => id));
  const plan: Collection = {
    remove: [],
    removeUnsealed: unsealed.filter((id) => !needed.has(id)),
    removeRuntimes: [],
    keep: [],
  };
  const staying: Manifest[] = [];
  for (const release of releases) {
    const reason = needed.get(release.id) ?? (newest.has(release.id) ? `one of the newest ${keep}` : null);
    if (reason === null) plan.remove.push({ id: release.id, bytes: release.bytes });
    else {
      staying.push(release);
      plan.keep.push({ id: release.id, reason });
    }
  }
  const carried = new Set(staying.map((release) => runtimeName(release)));
  plan.removeRuntimes = directoryNames(root.runtimes).filter((name) => !carried.has(name));
  return plan;
}

function requireReadable(root: Root): void {
  const [unreadable] = findUnreadable(root);
  const kept = directoryNames(join(root.path, ASIDE_DIRECTORY)).filter((name) => name !== REASONS_FILE);
  if (!unreadable && kept.length === 0) return;
  const what = unreadable
    ? `${unreadable.path} ${unreadable.why}`
    : `${ASIDE_DIRECTORY}/${kept[0]} could not be understood`;
  throw new ReleasesError('unreadable_files', `${what}, so it is not known what is still needed.`, {
    hint: unreadable
      ? 'openclaw-releases recover'
      : `ls ${join(root.path, ASIDE_DIRECTORY)}, and remove it once it holds nothing that you want back`,
    untouched: 'Nothing was removed.',
  });
}

/** The directory below `runtimes/` that a version of Node has. */
export function runtimeDirectoryName(version: string): string {
  return `node-${version}`;
}

function runtimeName(release: Manifest): string | null {
  return release.runtime.kind === 'carried' ? runtimeDirectoryName(release.runtime.version) : null;
}

/** Removes what was planned, releases before the runtimes that they carried. */
export function collect(root: Root, plan: Collection): void {
  for (const { id } of plan.remove) removeTree(root, releaseDirectory(root, id));
  for (const name of plan.removeUnsealed) removeTree(root, join(root.releases, name));
  for (const name of plan.removeRuntimes) removeTree(root, join(root.runtimes, name));
}
