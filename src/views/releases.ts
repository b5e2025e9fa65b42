import { ReleasesError } from '../core/errors.js';
import type { Corrupt } from '../core/record.js';
import type { Moment } from '../core/scalars.js';
import { tryReadLedger } from '../ledger/ledger.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { type Compatibility, readableReleases } from '../rollback/compatibility/assess.js';
import { todayAtGlance, todayOf } from '../rollback/compatibility/current-state.js';
import { listSnapshots, type Snapshot } from '../state/snapshots.js';
import { previousRelease } from '../store/links.js';
import { readManifest } from '../store/manifest.js';
import { type Hold, holdOf, readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { corruptFiles } from './corrupt.js';
import { type ReleaseDocument, releaseDocuments, resolveReleaseName } from './release.js';
import { type RollbackProof, rollbackProof } from './rollback-proof.js';
import { type ScrubOverview, scrubOverview } from './scrub.js';

export interface ListedRelease extends ReleaseDocument {
  stateCompatibility: Compatibility['reads'];
  stateReason: string;
  /** Start of the last scrub that compared all its files; null before the first. */
  checkedAt: Moment | null;
}

export interface Listing {
  /** Oldest first. */
  releases: ListedRelease[];
  unsealed: string[];
  /** Snapshots and displaced states, oldest first. */
  states: Snapshot[];
  hold: Hold | null;
  /** Null without a `previous`. */
  rollback: RollbackProof | null;
  /** Results of the scrubs. */
  scrub: Pick<ScrubOverview, 'oldestAt' | 'damaged'>;
  corrupt: Corrupt[];
}

export async function listing(root: Root, supervisor: Supervisor): Promise<Listing> {
  const today = todayAtGlance(root, supervisor) ?? (await todayOf(root, await inspectIfThere(supervisor)));
  const { releases, unsealed } = releaseDocuments(root, today?.running ?? null);
  const ids = releases.map(({ id }) => id);
  const ledger = tryReadLedger(root);
  const { checkedAt, ...scrub } = await scrubOverview(root);
  const readable = readableReleases(root, today, ids, ledger.changes);
  return {
    releases: releases.map((release) => {
      const { reads = 'unknown', why = 'it has just come' } = readable.get(release.id) ?? {};
      return {
        ...release,
        stateCompatibility: reads,
        stateReason: why,
        checkedAt: checkedAt[`releases/${release.id}`] ?? null,
      };
    }),
    unsealed,
    states: listSnapshots(root),
    hold: holdOf(readPolicy(root)),
    rollback: rollbackProof(previousRelease(root), ledger.changes),
    scrub,
    corrupt: corruptFiles(root, ledger, unsealed),
  };
}

export async function findRelease(root: Root, supervisor: Supervisor, name: string): Promise<ListedRelease> {
  const { id } = readManifest(root, resolveReleaseName(root, name));
  const { releases } = await listing(root, supervisor);
  const found = releases.find((release) => release.id === id);
  if (found) return found;
  throw new ReleasesError('release_not_found', `${id} was removed meanwhile.`, {
    hint: 'openclaw-releases list',
  });
}
