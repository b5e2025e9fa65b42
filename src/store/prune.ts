import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { shellWord } from '../core/shell-word.js';
import { size } from '../core/size.js';
import { findCorrupt } from './corrupt.js';
import { directoryNames, listReleases, type Manifest, releaseDirectory } from './manifest.js';
import { ASIDE_DIRECTORY, REASONS_FILE } from './move-aside.js';
import { type Retention, readPolicy } from './policy.js';
import { quarantineOf } from './quarantine.js';
import type { Root } from './root.js';
import { linkedNode, runtimeDirectoryName, runtimeVersionIn } from './runtimes.js';
import { removeTree } from './seal.js';

export const KEEP_RELEASES = 3;

export interface PrunePlan {
  /** `shares`: another release may use some of its blocks, and keeps them. */
  remove: { id: string; bytes: number; shares: boolean }[];
  removeUnsealed: string[];
  removeRuntimes: string[];
  keep: { id: string; reason: string }[];
  /** Limits that cannot be met; sentences. */
  warnings: string[];
}

export type Limits = Pick<Retention, 'releases' | 'bytes'>;

/**
 * Decides which releases to remove; `collect` removes them. Keeps all in `needed`, and the newest outside of quarantine
 * as far as both limits allow. Refuses while any file is corrupt: it may hold a pin or a change.
 * @throws ReleasesError `corrupt_files`
 * @param needed release id to the reason why it stays: it runs, is pinned, or a link or change names it
 * @param asked limits that replace those of the policy
 * @param goesWith bytes that are removed together with a release
 */
export function planPrune(
  root: Root,
  needed: ReadonlyMap<string, string>,
  asked: Limits = {},
  goesWith: (id: string) => number = () => 0,
): PrunePlan {
  requireReadable(root);
  const { releases, unsealed } = listReleases(root);
  const policy = readPolicy(root);
  const { releases: count = KEEP_RELEASES, bytes: most = Number.POSITIVE_INFINITY } = {
    ...policy.retention,
    ...asked,
  };
  const alone = ({ id, bytes }: Manifest) => bytes + compiledBytes(root, id);
  const taken = (release: Manifest) => alone(release) + goesWith(release.id);
  const takenByNeeded = releases
    .filter(({ id }) => needed.has(id))
    .reduce((sum, release) => sum + taken(release), 0);
  // A quarantined release must not take the place of a healthy one.
  const candidates = releases.filter(({ id }) => quarantineOf(policy, id) === null).reverse();
  const newest = new Set<string>();
  let left = most - takenByNeeded;
  for (const release of candidates.slice(0, count)) {
    if (needed.has(release.id)) continue;
    left -= taken(release);
    if (left < 0) break;
    newest.add(release.id);
  }
  const plan: PrunePlan = {
    remove: [],
    removeUnsealed: unsealed.filter((id) => !needed.has(id)),
    removeRuntimes: [],
    keep: [],
    warnings: takenByNeeded > most ? [tooLittle(takenByNeeded, most)] : [],
  };
  const shares = releases.some(({ sharedBytes = 0 }) => sharedBytes > 0);
  const staying: Manifest[] = [];
  for (const release of releases) {
    const reason = needed.get(release.id) ?? (newest.has(release.id) ? `one of the newest ${count}` : null);
    if (reason === null) plan.remove.push({ id: release.id, bytes: alone(release), shares });
    else {
      staying.push(release);
      plan.keep.push({ id: release.id, reason });
    }
  }
  const used = new Set(staying.flatMap((release) => runtimeNames(root, release)));
  plan.removeRuntimes = directoryNames(root.runtimes).filter((name) => !used.has(name));
  return plan;
}

function tooLittle(needed: number, most: number): string {
  return `The releases that are needed take ${size(needed, Math.ceil)}, and ${size(most, Math.ceil)} are set as the most: none of them was removed.`;
}

function requireReadable(root: Root): void {
  const [corrupt] = findCorrupt(root);
  const kept = directoryNames(join(root.path, ASIDE_DIRECTORY)).filter((name) => name !== REASONS_FILE);
  if (!corrupt && kept.length === 0) return;
  const what = corrupt
    ? `${corrupt.path} ${corrupt.why}`
    : `${ASIDE_DIRECTORY}/${kept[0]} could not be understood`;
  throw new ReleasesError('corrupt_files', `${what}, so it is not known what is still needed.`, {
    hint: corrupt
      ? 'openclaw-releases recover'
      : `ls ${shellWord(join(root.path, ASIDE_DIRECTORY))}, and remove it once it holds nothing that you want back`,
    untouched: 'Nothing was removed.',
  });
}

/** Directories of the sealed Node of a release and of the linked Node: usually one. */
function runtimeNames(root: Root, { id, runtime }: Manifest): string[] {
  const linked = runtimeVersionIn(linkedNode(releaseDirectory(root, id)) ?? '');
  return [runtime.version, linked ?? runtime.version].map(runtimeDirectoryName);
}

/** Bytes of Node's compile cache of a release. A running gateway may still add to it. */
function compiledBytes(root: Root, id: string): number {
  const below = (path: string): number => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats?.isDirectory()) return stats?.size ?? 0;
    return directoryNames(path).reduce((sum, name) => sum + below(join(path, name)), 0);
  };
  return below(join(root.caches, id));
}

/** Removes releases, then their runtimes, then the compile caches of removed releases. */
export function prune(root: Root, plan: PrunePlan): void {
  for (const { id } of plan.remove) removeTree(root, releaseDirectory(root, id));
  for (const name of plan.removeUnsealed) removeTree(root, join(root.releases, name));
  for (const name of plan.removeRuntimes) removeTree(root, join(root.runtimes, name));
  const left = new Set(directoryNames(root.releases));
  for (const id of directoryNames(root.caches)) if (!left.has(id)) removeTree(root, join(root.caches, id));
}
