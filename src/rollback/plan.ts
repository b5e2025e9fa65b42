import { isDeepStrictEqual } from 'node:util';
import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { moment } from '../core/moment.js';
import { size } from '../core/size.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import type { Facts } from '../ledger/facts.js';
import { listChanges } from '../ledger/ledger.js';
import type { StateChoice } from '../ledger/plan.js';
import { inspectIfThere, runningRelease } from '../ledger/running-release.js';
import { listPlugins } from '../openclaw/plugins.js';
import { type Newer, newerThan } from '../state/changed-since.js';
import { findStatePlace, type StatePlace } from '../state/place.js';
import { whyNotIntact } from '../state/restore/verify.js';
import { keptDirectory, listSnapshots, type Snapshot } from '../state/snapshots.js';
import { currentRelease } from '../store/links.js';
import type { Root } from '../store/root.js';
import { readsToday } from './compatibility/compatibility.js';
import { keptInstead, type Reads, readPast, versionsOf } from './compatibility/rules.js';
import { pluginPlaceOf } from './plugin-place.js';

/** `migrates`: a switch would start the release on today's state, and copies that first. */
export type Pair =
  | { kind: 'code' }
  /** Needs its own earlier state; the newer state becomes displaced. */
  | { kind: 'state'; kept: Snapshot; why: string; newer: Newer; migrates: boolean }
  /** No compatible state is left; `by` names a release with a snapshot that has compatible databases. */
  | { kind: 'none'; why: string; by: string | null; migrates: boolean };

/** @param mayMigrate true where today's state is copied before `to` starts on it */
export async function choosePair(
  root: Root,
  place: StatePlace | null,
  { from, to, mayMigrate = false }: { from: string | null; to: string; mayMigrate?: boolean },
): Promise<Pair> {
  if (place === null || to === from) return { kind: 'code' };
  const facts = { from, to, previous: null, place };
  const reads = await readsToday(root, place, { from, to, mayMigrate });
  const against = reads.reads === 'no' ? reads : await pluginsAgainst(root, place, facts);
  if (against === null) return { kind: 'code' };
  const kept = keptInstead(readPast(root), to, against);
  const migrates =
    !mayMigrate && (await choosePair(root, place, { from, to, mayMigrate: true })).kind === 'code';
  if (kept === null) {
    // The databases are compatible; verification catches what a plugin of another version does.
    if (reads.reads !== 'no') return { kind: 'code' };
    return { kind: 'none', why: against.why, by: stepOnTheWay(root, to), migrates };
  }
  return { kind: 'state', kept, why: against.why, newer: newerThan(place, kept.at), migrates };
}

/** Plugins belong to their release: a plugin that has another version now is restored with the state. */
async function pluginsAgainst(
  root: Root,
  place: StatePlace,
  facts: Facts,
): Promise<(Reads & { reads: 'no' }) | null> {
  const left = listChanges(root).findLast((change) => change.facts.from === facts.to && change.facts.plugins);
  const before = left?.facts.plugins?.before ?? [];
  if (before.length === 0) return null;
  const today = await listPlugins(await pluginPlaceOf({ root, change: { facts } }, place), null);
  for (const { id, version } of before) {
    const now = today.find((plugin) => plugin.id === id)?.version ?? null;
    if (now === version) continue;
    return {
      reads: 'no',
      why: `the plugin ${id} is ${now ?? 'gone'} now, and was ${version ?? 'there'}`,
      databases: true,
    };
  }
  return null;
}

/** A release with the same database versions and a snapshot (or displaced state): the rollback can go through it. */
function stepOnTheWay(root: Root, to: string): string | null {
  const databases = versionsOf(readPast(root), to)?.databases;
  const shared = listSnapshots(root).findLast(
    ({ scope, versions }) => scope !== 'config' && isDeepStrictEqual(versions?.databases, databases),
  );
  return shared?.release ?? null;
}

export async function pairFor(environment: Environment, to: string): Promise<Pair> {
  const { root } = environment;
  const gateway = await inspectIfThere(supervisorOf(environment));
  const from = (gateway && runningRelease(root, gateway)) ?? currentRelease(root);
  return choosePair(root, gateway && findStatePlace(gateway.launch), { from, to });
}

/**
 * Returns the state to restore, or null to leave today's state.
 * @throws ReleasesError `confirmation_needed`, `state_incompatible`
 */
export function decidePair(pair: Pair, choice: StateChoice | undefined, to: string): Snapshot | null {
  if (choice === 'keep' || pair.kind === 'code') return null;
  if (pair.kind === 'none') {
    throw new ReleasesError(
      'state_incompatible',
      `${to} cannot read today's state (${pair.why}), and none of its own is kept.`,
      {
        hint: pair.migrates
          ? `openclaw-releases switch ${to}, which copies today's state and migrates it`
          : pair.by
            ? `openclaw-releases rollback ${pair.by}, then openclaw-releases rollback ${to}`
            : `openclaw-releases rollback ${to} --keep-state, to start it on today's state all the same`,
      },
    );
  }
  if (choice === 'restore') return pair.kept;
  throw new ReleasesError('confirmation_needed', lossText(to, pair), {
    hint: pair.migrates
      ? `openclaw-releases switch ${to}, to keep what was written; or openclaw-releases rollback ${to} --yes`
      : `openclaw-releases rollback ${to} --yes, or --keep-state to roll back the code alone`,
    details: { to, at: pair.kept.at, files: pair.newer.files, bytes: pair.newer.bytes },
  });
}

/**
 * Verifies a snapshot completely before anything stops. The launcher verifies it again, at a time when no gateway runs
 * and there is no better choice. A displaced state was moved, so it has no digests.
 * @throws ReleasesError `state_incompatible`
 */
export function requireIntact(root: Root, kept: Snapshot): void {
  const why = kept.kind === 'snapshot' ? whyNotIntact(keptDirectory(root, kept.name)) : null;
  if (why === null) return;
  throw new ReleasesError(
    'state_incompatible',
    `The state that is kept of ${kept.release} is damaged: ${why}`,
    {
      hint: `openclaw-releases rollback ${kept.release} --keep-state, to start it on today's state all the same`,
    },
  );
}

export function lossText(to: string, { kept, why, newer }: Pair & { kind: 'state' }): string {
  const { at, release } = kept;
  const { files, bytes, names } = newer;
  const named = names.length === 0 ? '' : `, the newest ${names.join(', ')}`;
  return (
    `${to} cannot be started on today's state: ${why}. Its own, as ${release} left it at ${moment(at)}, is put back (${duration(Date.now() - Date.parse(at))} ago); what was written since ` +
    `(${files} files, ${size(bytes, Math.ceil)}${named}) is displaced, not deleted.`
  );
}
