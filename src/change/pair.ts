import { isDeepStrictEqual } from 'node:util';
import { ReleasesError } from '../errors.js';
import { whyNotIntact } from '../state/intact.js';
import { type KeptState, keptDirectory, listKept } from '../state/kept.js';
import { type Newer, newerThan } from '../state/newer.js';
import { findStatePlace, type StatePlace } from '../state/place.js';
import type { Root } from '../store/root.js';
import { currentRelease } from '../store/switch.js';
import { type Environment, supervisorOf } from './environment.js';
import type { StateChoice } from './plan.js';
import { keptInstead, type Reads, readsToday, versionsOf } from './readable.js';
import { inspectIfThere, runningRelease } from './running.js';

/** A release and the state that it is started with. */
export type Pair =
  /** It reads the state as it is. */
  | { kind: 'code' }
  /** It reads what it left behind; what came after that is set aside. */
  | { kind: 'state'; kept: KeptState; newer: Newer }
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
  const reads: Reads = await readsToday(root, place, to, from);
  if (reads.reads !== 'no') return { kind: 'code' };
  const kept = keptInstead(root, to, reads);
  if (kept === null) return { kind: 'none', why: reads.why, by: stepOnTheWay(root, to) };
  return { kind: 'state', kept, newer: newerThan(place, kept.at) };
}

/** A release that shares its databases with this one, and whose own were kept: the way back leads over it. */
function stepOnTheWay(root: Root, to: string): string | null {
  const databases = versionsOf(root, to)?.databases;
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
 * @throws ReleasesError `confirmation_needed`, `state_unreadable`
 */
export function decidePair(pair: Pair, choice: StateChoice | undefined, to: string): KeptState | null {
  if (choice === 'keep' || pair.kind === 'code') return null;
  const untouched = 'Nothing was changed.';
  if (pair.kind === 'none') {
    throw new ReleasesError(
      'state_unreadable',
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
  throw new ReleasesError(
    'confirmation_needed',
    `${to} cannot read today's state. ${lossText(pair.kept, pair.newer)}`,
    {
      hint: `openclaw-releases rollback ${to} --yes`,
      untouched,
    },
  );
}

/**
 * Reads all of a kept copy before anything is stopped for it. The launcher does so again, when no gateway runs any
 * more and there is nothing better to do than to go back. What was set aside was moved, so it has no digests.
 * @throws ReleasesError `state_unreadable`
 */
export function requireIntact(root: Root, kept: KeptState): void {
  const why = kept.kind === 'snapshot' ? whyNotIntact(keptDirectory(root, kept.name)) : null;
  if (why === null) return;
  throw new ReleasesError(
    'state_unreadable',
    `The state that is kept of ${kept.release} is damaged: ${why}`,
    {
      hint: `openclaw-releases rollback ${kept.release} --keep-state, to start it on today's state all the same`,
      untouched: 'Nothing was changed.',
    },
  );
}

/** What a person gives up, for a while, who goes back to a kept state. */
export function lossText({ at, release }: KeptState, { files, bytes, names }: Newer): string {
  const named = names.length === 0 ? '' : `, the newest ${names.join(', ')}`;
  return (
    `Its own, as ${release} left it at ${at}, is put back (${duration(Date.now() - Date.parse(at))} ago); what was written since ` +
    `(${files} files, ${Math.ceil(bytes / 2 ** 20)} MiB${named}) is set aside, not deleted.`
  );
}

/** In the largest unit that says enough. */
export function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `${Math.round(ms / 1000)} seconds`;
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`;
}
