import { isDeepStrictEqual } from 'node:util';
import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import type { Facts } from '../ledger/facts.js';
import { listChanges } from '../ledger/ledger.js';
import type { StateChoice } from '../ledger/plan.js';
import { inspectIfThere, runningRelease } from '../ledger/running-release.js';
import { listPlugins } from '../openclaw/plugins.js';
import { type Newer, newerThan } from '../state/changed-since.js';
import { findStatePlace, type StatePlace } from '../state/place.js';
import { whyNotIntact } from '../state/restore/verify.js';
import { type KeptState, keptDirectory, listKept } from '../state/snapshots.js';
import { currentRelease } from '../store/links.js';
import type { Root } from '../store/root.js';
import { readsToday } from './compatibility/compatibility.js';
import { keptInstead, type Reads, readPast, versionsOf } from './compatibility/rules.js';
import { pluginPlaceOf } from './plugin-place.js';

/** A release and the state that it is started with. */
export type Pair =
  /** It reads the state as it is. */
  | { kind: 'code' }
  /** It reads what it left behind; what came after that is set aside. */
  | { kind: 'state'; kept: KeptState; why: string; newer: Newer }
  /** Nothing of its own is left that it reads; `by` is a release whose kept state has databases that it does. */
  | { kind: 'none'; why: string; by: string | null };

/** With what state a release can be returned to; looks, and changes nothing. */
export async function choosePair(
  root: Root,
  place: StatePlace | null,
  to: string,
  from: string | null,
): Promise<Pair> {
  if (place === null || to === from) return { kind: 'code' };
  const facts = { from, to, previous: null, place };
  const reads = await readsToday(root, place, to, from);
  const against = reads.reads === 'no' ? reads : await pluginsAgainst(root, place, facts);
  if (against === null) return { kind: 'code' };
  const kept = keptInstead(readPast(root), to, against);
  if (kept === null) {
    // It reads the databases; what a plugin of another version does with it is seen by verification.
    if (reads.reads !== 'no') return { kind: 'code' };
    return { kind: 'none', why: against.why, by: stepOnTheWay(root, to) };
  }
  return { kind: 'state', kept, why: against.why, newer: newerThan(place, kept.at) };
}

/** Plugins belong to the release that brought them: one that is of another version now goes back with the state. */
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

/** A release that shares its databases with this one, and whose own were kept: the way back leads over it. */
function stepOnTheWay(root: Root, to: string): string | null {
  const databases = versionsOf(readPast(root), to)?.databases;
  const shared = listKept(root).findLast(
    ({ scope, versions }) => scope !== 'config' && isDeepStrictEqual(versions?.databases, databases),
  );
  return shared?.release ?? null;
}

/** The same for the gateway that runs here. */
export async function pairFor(environment: Environment, to: string): Promise<Pair> {
  const { root } = environment;
  const gateway = await inspectIfThere(supervisorOf(environment));
  const from = (gateway && runningRelease(root, gateway)) ?? currentRelease(root);
  return choosePair(root, gateway && findStatePlace(gateway.launch), to, from);
}

/**
 * The kept state that a rollback puts back, or null when it leaves the state as it is.
 * @throws ReleasesError `confirmation_needed`, `state_incompatible`
 */
export function decidePair(pair: Pair, choice: StateChoice | undefined, to: string): KeptState | null {
  if (choice === 'keep' || pair.kind === 'code') return null;
  const untouched = 'Nothing was changed.';
  if (pair.kind === 'none') {
    throw new ReleasesError(
      'state_incompatible',
      `${to} cannot read today's state (${pair.why}), and none of its own is kept.`,
      {
        hint: pair.by
          ? `openclaw-releases rollback ${pair.by}, then openclaw-releases rollback ${to}`
          : `openclaw-releases rollback ${to} --keep-state, to start it on today's state all the same`,
        untouched,
      },
    );
  }
  if (choice === 'restore') return pair.kept;
  throw new ReleasesError('confirmation_needed', lossText(to, pair), {
    hint: `openclaw-releases rollback ${to} --yes, or --keep-state to go back with the code alone`,
    untouched,
  });
}

/**
 * Reads all of a kept copy before anything is stopped for it. The launcher does so again, when no gateway runs any
 * more and there is nothing better to do than to go back. What was set aside was moved, so it has no digests.
 * @throws ReleasesError `state_incompatible`
 */
export function requireIntact(root: Root, kept: KeptState): void {
  const why = kept.kind === 'snapshot' ? whyNotIntact(keptDirectory(root, kept.name)) : null;
  if (why === null) return;
  throw new ReleasesError(
    'state_incompatible',
    `The state that is kept of ${kept.release} is damaged: ${why}`,
    {
      hint: `openclaw-releases rollback ${kept.release} --keep-state, to start it on today's state all the same`,
      untouched: 'Nothing was changed.',
    },
  );
}

/** What a person gives up, for a while, who goes back to a kept state. */
export function lossText(to: string, { kept, why, newer }: Pair & { kind: 'state' }): string {
  const { at, release } = kept;
  const { files, bytes, names } = newer;
  const named = names.length === 0 ? '' : `, the newest ${names.join(', ')}`;
  return (
    `${to} cannot be started on today's state: ${why}. Its own, as ${release} left it at ${at}, is put back (${duration(Date.now() - Date.parse(at))} ago); what was written since ` +
    `(${files} files, ${Math.ceil(bytes / 2 ** 20)} MiB${named}) is set aside, not deleted.`
  );
}
