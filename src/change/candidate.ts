import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootWithRetry, type Warming } from '../candidate/candidate.js';
import { howEnded } from '../candidate/exit.js';
import { candidateBlocker } from '../candidate/preconditions.js';
import { duration } from '../core/duration.js';
import { ReleasesError, systemCode, toErrorRecord } from '../core/errors.js';
import type { Context } from '../ledger/context.js';
import { inspectIfThere, wholeLaunch } from '../ledger/running-release.js';
import { sqliteNodeOf } from '../rollback/compatibility/sqlite-node.js';
import { findStatePlace, type StatePlace } from '../state/place.js';
import { copyToScratch } from '../state/snapshot/scratch-copy.js';
import { readStateVersions, type StateVersions } from '../state/versions.js';
import { releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { removeTree } from '../store/seal.js';
import type { Inspection } from '../supervisor/supervisor.js';

export interface Candidate {
  node: string;
  main: string;
  scratch: string;
  release: { directory: string; id: string };
}

/** Factor on the start time: the candidate competes with the running gateway and starts from a path that is new. */
const SLOWER = 3;

/** Errors while copying the state; the snapshot step reports their effect on a rollback. */
const NO_COPY: ReadonlySet<string> = new Set(['snapshot_refused', 'snapshot_failed', 'insufficient_space']);

export interface Tried {
  note: string;
  /** State versions after the candidate's start; null if it did not start. */
  versions: StateVersions | null;
}

/**
 * Starts a staged release on an isolated copy of the state before anything points to it. A release that crashes here
 * would otherwise crash in its trial, after the running gateway was stopped.
 * @throws ReleasesError `probe_failed` when it exits, or when `--probe boot` asked for a test that is not possible
 *   here; `snapshot_refused`, `snapshot_failed`, `insufficient_space`, `interrupted`
 */
export async function tryCandidate(context: Context, candidate: Candidate): Promise<Tried> {
  const asked = context.change.plan.probe === 'boot';
  const gateway = await inspectIfThere(context.supervisor);
  const against = gateway === null ? 'No gateway is known here.' : await candidateBlocker();
  if (gateway === null || against !== null) {
    if (asked) throw failed(`It cannot be tried on a copy of the state: ${against}`);
    return { note: `not tried on a copy of the state: ${against}`, versions: null };
  }
  const place = findStatePlace(gateway.launch);
  try {
    return await boot(context, candidate, gateway, place);
  } catch (error) {
    const { code, message } = toErrorRecord(error);
    if (asked || !NO_COPY.has(code)) throw error;
    return { note: `not tried on a copy of the state: ${message}`, versions: null };
  } finally {
    rmSync(candidate.scratch, { recursive: true, force: true });
    removePlaceOf(context.root, candidate.release.id);
  }
}

async function boot(
  context: Context,
  { node, main, scratch, release }: Candidate,
  gateway: Inspection,
  place: StatePlace,
): Promise<Tried> {
  const { root, change, signal } = context;
  const sqlite = await sqliteNodeOf(root, { facts: { ...change.facts, place } });
  const tried = await bootWithRetry(async () => {
    rmSync(scratch, { recursive: true, force: true });
    const copy = await copyToScratch({ root, place, directory: scratch, node: sqlite, signal });
    context.progress('starting on a copy of the state');
    return {
      ...{ node, main, copy, place, signal, launch: wholeLaunch(gateway) },
      timeoutMs: change.plan.limits.readyFloorMs * SLOWER,
      warming: warmingOf(root, release),
    };
  }).catch((error: unknown) => {
    if (change.plan.probe === 'boot' || toErrorRecord(error).code !== 'probe_failed') throw error;
    return toErrorRecord(error).message;
  });
  if (typeof tried === 'string') {
    return { note: `not tried on a copy of the state: ${tried}`, versions: null };
  }
  const { report, copy } = tried;
  if (report.exit !== null) throw failed(`On a copy of the state it exited (${howEnded(report)}).`);
  const versions = await readStateVersions(copy, sqlite);
  if (report.ready)
    return { note: `ready on a copy of the state after ${duration(report.readyMs)}`, versions };
  // Some parts may never be ready without a network; the trial decides.
  change.warnings.push(
    `On a copy of the state it was not ready within ${duration(report.readyMs)}: ${report.failing.join(', ') || 'no answer'}.`,
  );
  return { note: `not ready on a copy of the state after ${duration(report.readyMs)}`, versions };
}

function warmingOf(root: Root, { directory, id }: Candidate['release']): Warming {
  const [at, cache] = [releaseDirectory(root, id), join(root.caches, id)];
  removeTree(root, cache);
  for (const path of [at, cache]) mkdirSync(path, { recursive: true, mode: 0o700 });
  return { release: directory, at, cache };
}

/** Removes all that a candidate leaves outside `staging/`, also after it was killed. */
export function removeTracesOf(root: Root, id: string): void {
  removeTree(root, join(root.caches, id));
  removePlaceOf(root, id);
}

/** Removes the empty directory at the release's final path: until the seal, only the candidate uses it. */
function removePlaceOf(root: Root, id: string): void {
  try {
    rmdirSync(releaseDirectory(root, id));
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY'].includes(systemCode(error) ?? '')) throw error;
  }
}

function failed(message: string): ReleasesError {
  return new ReleasesError('probe_failed', message, {
    hint: 'The same command with --probe version, which leaves this to the trial.',
  });
}
