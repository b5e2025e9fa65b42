import { join } from 'node:path';
import { bootWithRetry } from '../../candidate/candidate.js';
import { howEnded } from '../../candidate/exit.js';
import { candidateBlocker } from '../../candidate/preconditions.js';
import type { Launch } from '../../openclaw/endpoint.js';
import type { StatePlace } from '../../state/place.js';
import { redactorFor } from '../../state/secrets.js';
import { copyToScratch } from '../../state/snapshot/scratch-copy.js';
import type { StateVersions } from '../../state/versions.js';
import { type Manifest, releaseDirectory } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';
import { removeTree } from '../../store/seal.js';
import { askDatabases, no } from './preflight.js';
import { type Reads, wasWrittenByNewer } from './rules.js';

/** One start took 25 s on a busy host with two processors; a slow start is no refusal. */
const READY_WITHIN_MS = 180_000;

export interface CompatibilityCheck {
  root: Root;
  place: StatePlace;
  today: StateVersions;
  /** Launch of the gateway, for a candidate; the whole environment of a running one. */
  launch: Launch;
  /** A Node from `findSqliteNode`. */
  node: string;
  signal?: AbortSignal | undefined;
}

/**
 * Finds out on a copy if a release that never ran on this state is compatible: asks it about each database, and starts
 * it where the answer is not enough. The caller holds the root's lock, because the copy lies in `staging/`.
 * @throws ReleasesError `snapshot_refused`, `snapshot_failed`, `insufficient_space`, `interrupted`
 */
export async function checkReads(check: CompatibilityCheck, release: Manifest): Promise<Reads> {
  const { root } = check;
  const directory = join(root.staging, `readable-${release.id}`);
  removeTree(root, directory);
  try {
    const copyAnew = async () => {
      removeTree(root, directory);
      return copyToScratch({ ...check, directory });
    };
    const copy = await copyAnew();
    const asked = release.schemas === null ? null : await askDatabases(check, release, copy, directory);
    if (asked) asked.why = redactorFor(check.place, check.launch.env)(asked.why);
    if (asked?.reads === 'no') return asked;
    const newer = wasWrittenByNewer(check.today, release.version);
    // Some releases refused a configuration written by a newer release, or files that only a doctor migrates.
    if (asked?.reads === 'yes' && 'asItIs' in asked && asked.asItIs && !newer)
      return { reads: 'yes', why: asked.why };
    const tried = await startOn(check, release, copy, copyAnew);
    if (tried.reads === 'unknown' && asked?.reads === 'yes' && !newer)
      return { reads: 'yes', why: asked.why };
    return tried;
  } finally {
    removeTree(root, directory);
  }
}

async function startOn(
  check: CompatibilityCheck,
  release: Manifest,
  copy: StatePlace,
  copyAnew: () => Promise<StatePlace>,
): Promise<Reads> {
  const { root, place, launch, signal } = check;
  const against = await candidateBlocker();
  if (against !== null) return { reads: 'unknown', why: `it cannot be tried on a copy: ${against}` };
  const directory = releaseDirectory(root, release.id);
  const program = { node: join(directory, 'node'), main: join(directory, release.main) };
  let unused: StatePlace | null = copy;
  const { report } = await bootWithRetry(async () => {
    const onIt = unused ?? (await copyAnew());
    unused = null;
    return { ...program, copy: onIt, place, launch, signal, timeoutMs: READY_WITHIN_MS };
  });
  if (report.exit !== null) return no(`it does not start on a copy of it: ${howEnded(report)}`);
  if (!report.ready) {
    const failing = report.failing.length > 0 ? ` (${report.failing.join(', ')})` : '';
    return {
      reads: 'unknown',
      why: `on a copy of it, it was not ready within ${READY_WITHIN_MS / 1000} s${failing}`,
    };
  }
  if (release.schemas !== null) return { reads: 'yes', why: 'it starts on a copy of it' };
  return {
    reads: 'unknown',
    why: 'it starts on a copy of it, and may not see what newer releases have moved',
  };
}
