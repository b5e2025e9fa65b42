import { findOrphans, type Orphan } from '../change/port-holder.js';
import { waitingOf } from '../change/waiting.js';
import type { Corrupt } from '../core/record.js';
import { type Change, tryReadLedger } from '../ledger/ledger.js';
import { inspectIfThere, releaseOfProcess } from '../ledger/running-release.js';
import type { Health } from '../openclaw/health.js';
import { askQuickly } from '../openclaw/http.js';
import { reach } from '../openclaw/reach.js';
import { type Restore, readRestore } from '../state/restore-records.js';
import { currentRelease, previousRelease, readTrial, type Trial } from '../store/links.js';
import { readLockOwner } from '../store/lock.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { runtimeFault } from '../store/runtimes.js';
import type { Inspection, Supervisor } from '../supervisor/supervisor.js';
import { type ChangeDocument, changeDocument } from './change.js';
import { corruptFiles } from './corrupt.js';
import { inspectThroughCache } from './gateway-cache.js';
import { type RollbackProof, rollbackProof } from './rollback-proof.js';
import { type ScrubOverview, scrubOverview } from './scrub.js';
import { type AutoOverview, autoOverview } from './timer-settings.js';

export interface RunningGateway {
  pid: number | null;
  state: Inspection['state'];
  restarts: number;
  release: string | null;
  url: string;
  health: Health;
  /** Processes outside of the supervisor that hold the gateway's port. */
  orphans: Orphan[];
}

export interface Overview {
  root: string;
  current: string | null;
  previous: string | null;
  trial: Trial | null;
  /** Null when no supervisor answers. */
  gateway: RunningGateway | null;
  /** The active change; while it waits, `idle` has the work that keeps the gateway busy now. */
  running: ChangeDocument | null;
  /** Changes whose process died; the next change or `recover` finishes or undoes them. */
  interrupted: string[];
  /** The last change that ended; not a drill, which changes nothing. */
  last: ChangeDocument | null;
  /** Null without a `previous`. */
  rollback: RollbackProof | null;
  /** Results of the scrubs. */
  scrub: ScrubOverview;
  /** Restore that the launcher does before the next start, or null. */
  restore: Restore | null;
  auto: AutoOverview;
  /** Reasons why the Node of `current` or `previous` cannot start it. */
  faults: { release: string; why: string }[];
  /** Our corrupt files; `recover` moves them aside. */
  corrupt: Corrupt[];
  lock: { pid: number; since: string; doing: string | null } | null;
}

/** A busy gateway answers late. */
const ANSWER_MS = 2_000;

export async function overview(root: Root, supervisor: Supervisor): Promise<Overview> {
  const ledger = tryReadLedger(root);
  const unfinished = ledger.changes.filter(({ endedAt }) => endedAt === null);
  const open = unfinished.map((change) => ({ change, document: changeDocument(root, change) }));
  const active = open.find(({ document }) => document.status === 'running');
  const last = ledger.changes.findLast(({ endedAt, plan }) => endedAt !== null && plan.kind !== 'drill');
  const previous = previousRelease(root);
  const owner = readLockOwner(root);
  const corrupt = corruptFiles(root, ledger);
  return {
    root: root.path,
    current: currentRelease(root),
    previous,
    trial: trialOf(root, corrupt),
    gateway: await describeGateway(root, supervisor),
    running: active ? await withPresentWork(active.document, active.change, supervisor) : null,
    interrupted: open.flatMap(({ document: { status, change } }) => (status === 'interrupted' ? change : [])),
    last: last ? changeDocument(root, last) : null,
    rollback: rollbackProof(previous, ledger.changes),
    scrub: await scrubOverview(root),
    restore: readRestore(root),
    auto: autoOverview(root),
    faults: faultsOf(root),
    corrupt,
    lock: owner && { pid: owner.pid, since: owner.since, doing: owner.doing },
  };
}

function faultsOf(root: Root): Overview['faults'] {
  return [...new Set([currentRelease(root), previousRelease(root)])].flatMap((release) => {
    const manifest = release === null ? null : findManifest(root, release);
    const why = manifest && runtimeFault(root, manifest);
    return manifest && why ? [{ release: manifest.id, why }] : [];
  });
}

/** A corrupt trial counts as a trial of `current` with no boots left. */
function trialOf(root: Root, corrupt: Corrupt[]): Trial | null {
  if (corrupt.some(({ path }) => path === root.trial)) {
    return { id: currentRelease(root) ?? '', boots: 0, bootId: null };
  }
  return readTrial(root);
}

async function describeGateway(root: Root, supervisor: Supervisor): Promise<RunningGateway | null> {
  const seen = await inspectThroughCache(root, supervisor);
  if (!seen) return null;
  const { pid, state, restarts } = seen;
  const { endpoint, health } = await reach(seen, ANSWER_MS, askQuickly);
  return {
    pid,
    state,
    restarts,
    release: pid === null ? null : releaseOfProcess(root, pid),
    url: endpoint.url,
    health,
    orphans: await findOrphans(endpoint, supervisor, pid),
  };
}

/** Samples the activity again: the record dates from the beginning of the wait. */
async function withPresentWork(
  document: ChangeDocument,
  change: Change,
  supervisor: Supervisor,
): Promise<ChangeDocument> {
  const waiting = waitingOf(change);
  const inspection = waiting && (await inspectIfThere(supervisor));
  if (!inspection || inspection.pid === null) return document;
  const { sampleActivity } = await import('../openclaw/activity.js');
  const { endpoint } = await reach(inspection);
  const busy = await sampleActivity(endpoint);
  return { ...document, idle: { ...waiting, busy: busy ?? waiting.busy } };
}
