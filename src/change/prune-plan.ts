import { toErrorRecord } from '../core/errors.js';
import { unfinishedChanges } from '../ledger/ledger.js';
import { knownGoodReleases } from '../rollback/known-good.js';
import { readRestore, readReturn } from '../state/restore-records.js';
import { listSnapshots, removeKept } from '../state/snapshots.js';
import { currentRelease } from '../store/links.js';
import { keepLockfileOf } from '../store/lockfiles.js';
import { readManifest } from '../store/manifest.js';
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
export function planFullCollection(root: Root, asked?: Limits): FullCollection {
  const kept = listSnapshots(root);
  const needed = new Set([
    ...[readRestore(root)?.from, readReturn(root)?.from],
    ...unfinishedChanges(root).flatMap(({ facts }) => [facts.snapshot?.name, facts.restore?.from]),
  ]);
  const current = currentRelease(root);
  const snapshots = kept.filter(({ kind }) => kind === 'snapshot');
  const goesWith = (id: string) =>
    snapshots
      .filter(({ name, release }) => release === id && (id !== current || needed.has(name)))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const plan = planPrune(root, gcRoots(root), asked, goesWith);
  const staying = new Set(plan.keep.map(({ id }) => id));
  const useless = snapshots.filter(
    ({ name, release }) => !needed.has(name) && (release === current || !staying.has(release)),
  );
  return {
    ...plan,
    removeStates: useless.map(({ name, bytes }) => ({ name, bytes })),
    displaced: kept.filter(({ kind }) => kind === 'displaced').map(({ name, bytes }) => ({ name, bytes })),
  };
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
