import { UnusableFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import type { Corrupt } from '../core/record.js';
import { type LedgerLook, tryReadLedger } from '../ledger/history-index.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { type Compatibility, readableReleases } from '../rollback/compatibility/assess.js';
import { todayAtGlance, todayOf } from '../rollback/compatibility/current-state.js';
import { type KeptState, listKept } from '../state/snapshots.js';
import { findCorrupt } from '../store/corrupt.js';
import { currentRelease, previousRelease, readLink, readTrial } from '../store/links.js';
import { listReleases, type Manifest, readManifest, releaseDirectory } from '../store/manifest.js';
import { quarantineOf, readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';
import { compareTree, type TreeDifference } from '../store/tree.js';
import type { Supervisor } from '../supervisor/supervisor.js';

export type Mark = 'running' | 'current' | 'previous' | 'trial' | 'pinned' | 'quarantined';

export interface ListedRelease {
  manifest: Manifest;
  marks: Mark[];
  readable: Compatibility;
}

export interface Listing {
  /** Oldest first. */
  releases: ListedRelease[];
  unsealed: string[];
  /** Snapshots and displaced states, oldest first. */
  states: KeptState[];
  corrupt: Corrupt[];
}

export async function listing(root: Root, supervisor: Supervisor): Promise<Listing> {
  const { releases, unsealed } = listReleases(root);
  const today = todayAtGlance(root, supervisor) ?? (await todayOf(root, await inspectIfThere(supervisor)));
  const ids = releases.map(({ id }) => id);
  const ledger = tryReadLedger(root);
  const readable = readableReleases(root, today, ids, ledger.past);
  const marksOf = marks(root, today?.running ?? null);
  return {
    releases: releases.map((manifest) => ({
      manifest,
      marks: marksOf(manifest.id),
      readable: readable.get(manifest.id) ?? NOT_KNOWN,
    })),
    unsealed,
    states: listKept(root),
    corrupt: corruptFiles(root, ledger, unsealed),
  };
}

/** For a release that appeared after the state was read. */
export const NOT_KNOWN: Compatibility = { reads: 'unknown', why: 'it has just come' };

function marks(root: Root, running: string | null): (id: string) => Mark[] {
  const policy = readPolicy(root);
  const [current, previous] = [currentRelease(root), previousRelease(root)];
  const onTrial = readTrial(root)?.id;
  return (id) => {
    const marks: Record<Mark, boolean> = {
      running: running === id,
      current: current === id,
      previous: previous === id,
      trial: onTrial === id,
      pinned: policy.pins.includes(id),
      quarantined: quarantineOf(policy, id) !== null,
    };
    return (Object.keys(marks) as Mark[]).filter((mark) => marks[mark]);
  };
}

/** Drops the corrupt content: only path and reason are printed. */
export function corruptFiles(
  root: Root,
  ledger: Pick<LedgerLook, 'corrupt'> = tryReadLedger(root),
  releases?: string[],
): Corrupt[] {
  const found = findCorrupt(root, ledger.corrupt, releases);
  return found.map(({ path, why }) => ({ path, why }));
}

export interface Verdict {
  id: string;
  treeDigest: string;
  files: number;
  differences: TreeDifference[];
}

/**
 * Compares every file of a release with the digest in its seal.
 * @throws ReleasesError `release_not_found`, `release_unsealed`
 */
export async function verifyRelease(root: Root, id: string): Promise<Verdict> {
  const manifest = readManifest(root, id);
  const { treeDigest, files } = manifest;
  return { id, treeDigest, files, differences: await compareTree(releaseDirectory(root, id), manifest) };
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
    hint: 'openclaw-releases list',
    untouched: 'Nothing was changed.',
  });
}
