import { ReleasesError } from '../core/errors.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { currentRelease, previousRelease } from '../store/links.js';
import { listReleases } from '../store/manifest.js';
import { readPolicy } from '../store/policy.js';
import { quarantineOf } from '../store/quarantine.js';
import type { Root } from '../store/root.js';

/** Proven releases that are still on disk and not in quarantine, last proven first. */
export function knownGoodReleases(root: Root): string[] {
  const policy = readPolicy(root);
  const here = new Set(listReleases(root).releases.map(({ id }) => id));
  const proven = new Set(listChanges(root).toReversed().flatMap(provenBy));
  return [...proven].filter((id) => here.has(id) && quarantineOf(policy, id) === null);
}

/** Releases that a change has shown to be healthy here. */
export function provenBy({ status, facts }: Change): string[] {
  const { baseline } = facts;
  return [
    status === 'package_updated_restart_verified' ? facts.to : null,
    baseline?.health?.ready ? baseline.release : null,
  ].filter((id) => id !== null);
}

/**
 * Target of a rollback that names no release: `previous`, unless it is in quarantine. Then the next known-good release,
 * so that two broken releases do not alternate.
 * @throws ReleasesError `no_previous`, `release_quarantined`
 */
export function rollbackTarget(root: Root): string {
  const previous = previousRelease(root);
  const policy = readPolicy(root);
  if (previous !== null && quarantineOf(policy, previous) === null) return previous;
  const current = currentRelease(root);
  const other = knownGoodReleases(root).find((id) => id !== current && id !== previous);
  if (other) return other;
  if (previous === null) {
    throw new ReleasesError('no_previous', 'There is no previous release to return to.', {
      hint: 'openclaw-releases list',
    });
  }
  throw new ReleasesError(
    'release_quarantined',
    `${previous}, the only release to return to, failed here: ${quarantineOf(policy, previous)?.cause.message}`,
    { hint: `openclaw-releases rollback ${previous}, to try it again all the same` },
  );
}
