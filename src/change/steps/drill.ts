import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootWithRetry, type CandidateReport, type CandidateRequest } from '../../candidate/candidate.js';
import { howEnded } from '../../candidate/exit.js';
import { candidateBlocker } from '../../candidate/preconditions.js';
import { duration } from '../../core/duration.js';
import { ReleasesError, toErrorRecord } from '../../core/errors.js';
import type { Context, Step } from '../../ledger/context.js';
import { wholeLaunch } from '../../ledger/running-release.js';
import { sqliteNodeOf } from '../../rollback/compatibility/sqlite-node.js';
import { choosePair, decidePair, requireIntact } from '../../rollback/plan.js';
import { configPath, findStatePlace, type StatePlace } from '../../state/place.js';
import { copyToScratch } from '../../state/snapshot/scratch-copy.js';
import { KEPT } from '../../state/snapshot-layout.js';
import { keptDirectory, type Snapshot } from '../../state/snapshots.js';
import { requireUndamaged } from '../../store/damage.js';
import { type Manifest, readManifest, releaseDirectory } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';
import type { Inspection } from '../../supervisor/supervisor.js';

/** Factor on the start time: the candidate gives way to the running gateway, and its release is cold. */
const SLOWER = 3;

/**
 * Starts a release on a copy of the state that a rollback to it would leave, in isolation, beside the running gateway.
 * The release, its Node and its snapshot are compared with their digests first.
 */
export const drill: Step = {
  name: 'drill',
  async do(context) {
    const { root, supervisor, change } = context;
    const manifest = readManifest(root, change.facts.to ?? change.plan.target);
    const gateway = await supervisor.inspect();
    const blocker = await candidateBlocker();
    if (blocker !== null) throw refused(blocker);
    const place = findStatePlace(gateway.launch);
    context.progress('comparing with its digests');
    await requireUndamaged(root, manifest);
    const kept = decidePair(
      await choosePair(root, place, { from: change.facts.from, to: manifest.id }),
      'restore',
      manifest.id,
    );
    if (kept) requireIntact(root, kept);
    const copiedAt = new Date().toISOString();
    // A failed drill stops the timer, so a host that is too busy for low priority must not cause one.
    const { report } = await bootWithRetry(
      () => candidateOf(context, { manifest, gateway, place, kept }),
      ({ ready }) => ready,
    ).catch(notInIsolation);
    requireReady(manifest, report);
    change.facts.drill = {
      readyMs: report.readyMs,
      stateAt: kept?.at ?? copiedAt,
      kept: kept?.name ?? null,
    };
    removeScratch(context);
    return `ready after ${duration(report.readyMs)} on ${kept ? `states/${kept.name}` : "a copy of today's state"}`;
  },
  async undo(context) {
    removeScratch(context);
  },
};

interface Return {
  manifest: Manifest;
  gateway: Inspection;
  place: StatePlace;
  kept: Snapshot | null;
}

async function candidateOf(
  context: Context,
  { manifest, gateway, place, kept }: Return,
): Promise<CandidateRequest> {
  const { root, change, signal } = context;
  removeScratch(context);
  context.progress('copying the state');
  const copy = await copyToScratch({
    ...{ root, directory: scratchOf(context), signal },
    place: kept && kept.scope !== 'config' ? placeOfKept(root, kept) : place,
    node: await sqliteNodeOf(root, { facts: { ...change.facts, place } }),
  });
  if (kept?.scope === 'config') cpSync(configPath(placeOfKept(root, kept)), configPath(copy));
  const release = releaseDirectory(root, manifest.id);
  context.progress('starting on it');
  return {
    node: join(release, 'node'),
    main: join(release, 'main'),
    ...{ copy, place, signal, launch: wholeLaunch(gateway) },
    timeoutMs: change.plan.limits.readyFloorMs * SLOWER,
  };
}

/** Directories of a snapshot, as those of a live state. */
function placeOfKept(root: Root, { name, place }: Snapshot): StatePlace {
  const kept = keptDirectory(root, name);
  return { ...place, directory: join(kept, KEPT.files), config: place.config && join(kept, KEPT.config) };
}

function requireReady({ id, version }: Manifest, report: CandidateReport): void {
  if (report.exit !== null) throw failed(id, `it exited (${howEnded(report)})`);
  if (!report.ready) {
    const failing = report.failing.join(', ') || 'it did not answer';
    throw failed(id, `it was not ready within ${duration(report.readyMs)}: ${failing}`);
  }
  if (report.version !== null && report.version !== version)
    throw failed(id, `it says that it is ${report.version}`);
}

/** A candidate that cannot be isolated is not the fault of the release. */
function notInIsolation(error: unknown): never {
  throw toErrorRecord(error).code === 'probe_failed' ? refused(toErrorRecord(error).message) : error;
}

function scratchOf({ root, change }: Context): string {
  return join(root.staging, change.id);
}

function removeScratch(context: Context): void {
  rmSync(scratchOf(context), { recursive: true, force: true });
}

function refused(why: string): ReleasesError {
  return new ReleasesError('drill_refused', `A drill is not possible here now: ${why}`, {
    hint: 'openclaw-releases status',
  });
}

function failed(id: string, why: string): ReleasesError {
  return new ReleasesError(
    'drill_failed',
    `${id} did not start on the state that a rollback would give it: ${why}.`,
    {
      hint: 'openclaw-releases list, for another release to return to; openclaw-releases drill RELEASE',
    },
  );
}
