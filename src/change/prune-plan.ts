import { ReleasesError, toErrorRecord } from '../core/errors.js';
import { unfinishedChanges } from '../ledger/ledger.js';
import { knownGoodReleases } from '../rollback/known-good.js';
import { readRestore, readReturn } from '../state/restore-records.js';
import { listSnapshots, removeKept } from '../state/snapshots.js';
import { currentRelease } from '../store/links.js';
import { keepLockfileOf } from '../store/lockfiles.js';
import { listReleases, readManifest } from '../store/manifest.js';
import { type Limits, type PrunePlan, planPrune, prune } from '../store/prune.js';
import type { Root } from '../store/root.js';
import { gcRoots } from './gc-roots.js';

export interface FullCollection extends PrunePlan {
  removeStates: { name: string; bytes: number }[];
  /** Displaced states; only a person removes them. */
  displaced: { name: string; bytes: number }[];
}

/**
 * A snapshot goes with its release, or when that is current again and so has a newer state. Displaced states stay.
 * @throws ReleasesError `corrupt_files`
 */
export function planFullCollection(
  root: Root,
  asked?: Limits,
  staying: ReadonlyMap<string, string> = gcRoots(root),
): FullCollection {
  const states = listSnapshots(root);
  const needed = new Set([
    ...[readRestore(root)?.from, readReturn(root)?.from],
    ...unfinishedChanges(root).flatMap(({ facts }) => [facts.snapshot?.name, facts.restore?.from]),
  ]);
  const current = currentRelease(root);
  const snapshots = states.filter(({ kind }) => kind === 'snapshot');
  const goesWith = (id: string) =>
    snapshots
      .filter(({ name, release }) => release === id && (id !== current || needed.has(name)))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const plan = planPrune(root, staying, asked, goesWith);
  const kept = new Set(plan.keep.map(({ id }) => id));
  const useless = snapshots.filter(
    ({ name, release }) => !needed.has(name) && (release === current || !kept.has(release)),
  );
  return {
    ...plan,
    removeStates: useless.map(({ name, bytes }) => ({ name, bytes })),
    displaced: states.filter(({ kind }) => kind === 'displaced').map(({ name, bytes }) => ({ name, bytes })),
  };
}

/**
 * Plans the removal of one release, with its snapshots and a Node that no other one runs on.
 * @throws ReleasesError `release_needed`, `release_not_found`, `release_unsealed`, `corrupt_files`
 */
export function planRemoval(root: Root, id: string): FullCollection {
  readManifest(root, id);
  const reason = gcRoots(root).get(id);
  if (reason !== undefined)
    throw new ReleasesError('release_needed', `${id} is needed: ${reason}.`, { hint: wayOut(id, reason) });
  const others = listReleases(root).releases.filter((release) => release.id !== id);
  const staying = new Map(others.map((release) => [release.id, 'was not named']));
  const plan = planFullCollection(root, { releases: 0 }, staying);
  const own = new Set(listSnapshots(root).flatMap(({ name, release }) => (release === id ? name : [])));
  const removeStates = plan.removeStates.filter(({ name }) => own.has(name));
  return { ...plan, keep: [], displaced: [], removeUnsealed: [], warnings: [], removeStates };
}

function wayOut(id: string, reason: string): string {
  if (reason === 'pinned') return `openclaw-releases unpin ${id}`;
  if (reason === 'current') return 'openclaw-releases rollback, or openclaw-releases switch <release>';
  if (reason.startsWith('named by the unfinished change')) return 'openclaw-releases recover';
  return `openclaw-releases why ${id}`;
}

/**
 * Removes a release before its snapshots, useless without it. The lockfile of a proven release stays, so that staging
 * it again gives the same dependencies.
 */
export function pruneAll(root: Root, plan: FullCollection): void {
  if (plan.remove.length > 0) keepLockfiles(root, plan);
  prune(root, plan);
  for (const { name } of plan.removeStates) removeKept(root, name);
}

function keepLockfiles(root: Root, { remove, warnings }: FullCollection): void {
  const proven = new Set(knownGoodReleases(root));
  for (const { id } of remove.filter(({ id }) => proven.has(id))) {
    try {
      keepLockfileOf(root, readManifest(root, id));
    } catch (error) {
      // The prune may run because the disk is full.
      warnings.push(`The lockfile of ${id} could not be kept: ${toErrorRecord(error).message}`);
    }
  }
}
