import { existsSync } from 'node:fs';
import { duration } from '../../core/duration.js';
import { size } from '../../core/size.js';
import type { Context, Step } from '../../ledger/context.js';
import type { Change } from '../../ledger/ledger.js';
import { hasPlugins } from '../../openclaw/plugin-folders.js';
import { sqliteNodeOf } from '../../rollback/compatibility/sqlite-node.js';
import { readRestore } from '../../state/restore-records.js';
import { measureState, requireKeepable } from '../../state/snapshot/measure.js';
import { takeSnapshot } from '../../state/snapshot/snapshot.js';
import { listSnapshots, removeKept, type Snapshot, type SnapshotScope } from '../../state/snapshots.js';
import { findManifest } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';

/** Bytes per second that a small host copies, digests and syncs. */
const USUAL_RATE = 50 * 2 ** 20;

/**
 * Copies the state while the old release still runs. A new release may migrate the databases, and OpenClaw refuses a
 * configuration that a newer release wrote, so a rollback restores both.
 */
export const snapshot: Step = {
  name: 'snapshot',
  skip: whyNone,
  async do(context) {
    const { root, change, signal } = context;
    const { from, place } = change.facts;
    if (!from || !place || !existsSync(place.directory)) return 'there is no state yet';
    const node = await sqliteNodeOf(root, change);
    const scope = scopeOf(root, change);
    const { kept, warnings } = await takeSnapshot({
      ...{ root, release: from, change: change.id, place, scope, signal },
      node,
      onProgress: (done, total) => context.progress('copying', done, total),
    });
    change.warnings.push(...warnings);
    const { name, files, bytes, at, ms = 0 } = kept;
    change.facts.snapshot = { name, scope, files, bytes, at, ms };
    for (const old of snapshotsOf(root, from)) if (old.name !== name) removeKept(root, old.name);
    const what = scope === 'config' ? 'the configuration' : `${files} files, ${size(bytes, Math.ceil)}`;
    return `${what} in ${duration(ms)}`;
  },
  async undo({ root, change }) {
    dropSnapshots(root, change);
  },
};

export function previewSnapshot(context: Context): string {
  const { root, change } = context;
  const { place } = change.facts;
  const none = whyNone(context);
  if (none !== null) return none;
  if (!place) return 'no gateway runs, so its state is not known';
  if (!existsSync(place.directory)) return 'there is no state yet';
  const measure = measureState(place, root, scopeOf(root, change));
  requireKeepable(measure);
  const { files, bytes, copied } = measure;
  const ms = Math.max(100, (1000 * bytes) / copyRate(root));
  const again =
    copied > 0
      ? `; a restore would copy ${size(copied, Math.ceil)} twice, because nothing there can be linked into the root`
      : '';
  return `would copy ${files} files, ${size(bytes, Math.ceil)}, in about ${duration(ms)}, while the gateway runs${again}`;
}

/**
 * Bytes that the state of a change needs until it is restored. Refuses a state that could not be restored, before
 * anything is downloaded; adopting refuses it, too.
 * @throws ReleasesError `snapshot_refused`
 */
export function stateBytes(context: Context): number {
  const { root, change } = context;
  const { place } = change.facts;
  const adopts = change.plan.kind === 'adopt';
  if (!adopts && (!change.plan.steps.includes('snapshot') || whyNone(context) !== null)) return 0;
  if (!place || !existsSync(place.directory)) return 0;
  const measure = measureState(place, root, adopts ? 'all' : scopeOf(root, change));
  requireKeepable(measure);
  return adopts ? 0 : measure.bytes + measure.copied;
}

/** Bytes per second of the last snapshot here above 1 MiB, else the usual rate. */
function copyRate(root: Root): number {
  const timed = listSnapshots(root).findLast(
    ({ bytes, ms }) => ms !== undefined && ms > 0 && bytes > 2 ** 20,
  );
  return timed?.ms ? (timed.bytes / timed.ms) * 1000 : USUAL_RATE;
}

function whyNone({ change }: Context): string | null {
  const { from, to } = change.facts;
  if (change.plan.snapshot === false) return 'left out, as asked';
  return from === null || from === to ? 'there is no release to return to' : null;
}

/** Unknown database schemas need a copy of everything; so do plugins, which the target may update. */
function scopeOf(root: Root, change: Change): SnapshotScope {
  const { from, to, resolved, place } = change.facts;
  const before = (from && findManifest(root, from)?.schemas) || null;
  const after = (resolved ?? (to ? findManifest(root, to) : null))?.schemas ?? null;
  const same = before !== null && before.state === after?.state && before.agent === after.agent;
  return same && place && !hasPlugins(place.directory) ? 'config' : 'all';
}

/** Excludes displaced states, which are never removed. */
function snapshotsOf(root: Root, release: string): Snapshot[] {
  return listSnapshots(root).filter((kept) => kept.kind === 'snapshot' && kept.release === release);
}

/** Removes the snapshots of a change, unless a restore of it is pending. */
export function dropSnapshots(root: Root, change: Change): void {
  if (readRestore(root)?.change === change.id) return;
  for (const kept of listSnapshots(root)) {
    if (kept.kind === 'snapshot' && kept.change === change.id) removeKept(root, kept.name);
  }
}
