import { setTimeout } from 'node:timers/promises';
import { ReleasesError } from '../core/errors.js';
import type { Context } from '../ledger/context.js';
import { type Change, stepOf } from '../ledger/ledger.js';
import { finishRestore } from '../state/restore/restore.js';
import {
  beginReturn,
  cancelRestore,
  endReturn,
  lastRestore,
  prepareReturn,
  type Restore,
  readRestore,
  requestRestore,
} from '../state/restore-request.js';
import { restoreCode } from './restore-link.js';

/** A restore is renames, and the digests of what is put back; milliseconds. */
const RESTORE_MS = 120_000;
const POLL_MS = 100;

/** Before the switch: what the launcher puts back with the code if the trial fails. */
export function prepareStateToReturn({ root, change }: Context, from: string, to: string): void {
  const { place, snapshot, restore } = change.facts;
  // The trial of a rollback ends, if it fails, with the state that it is about to set aside.
  const kept = restore ? asideName(change, from) : snapshot?.name;
  if (!place || kept === undefined) {
    // One of an earlier trial says nothing about this one.
    endReturn(root);
    return;
  }
  prepareReturn(root, {
    ...{ schema: 1, change: change.id, release: from, from: kept },
    ...{ aside: { name: asideName(change, to), release: to }, place },
    ...{ onlyIfChanged: !restore, phase: 'pending' },
  });
}

/** With a rollback that takes the state along: the launcher puts it in place before it starts the older release. */
export function requestOlderState({ root, change }: Context, from: string, to: string): void {
  const { place, restore } = change.facts;
  if (!place || !restore) return;
  const wanted: Restore = {
    schema: 1,
    change: change.id,
    release: to,
    from: restore.from,
    aside: { name: asideName(change, from), release: from },
    place,
    onlyIfChanged: false,
    phase: 'pending',
  };
  requestRestore(root, wanted);
}

/** Says what it is: the state of a release, set aside by a change at that change's time. */
function asideName(change: Change, release: string): string {
  return `${release}-displaced-${change.id.split('-')[0]}`;
}

/**
 * Makes the state go back with the next start, before `current` is repointed: a pair that is half made would start
 * the old code on the new state. What no process of the target can have touched stays as it is.
 */
export async function returnState(context: Context): Promise<void> {
  const { root, change } = context;
  const pending = readRestore(root);
  if (pending?.change === change.id && pending.release === change.facts.to) {
    if (cancelRestore(root)) return endReturn(root);
    await awaitRestore(context);
  }
  if (!stepOf(change, 'restart')) return endReturn(root);
  beginReturn(root);
}

/** A restore that has moved something is finished before anything else can be done: by the launcher, or at boot by us. */
async function awaitRestore({ root, supervisor, signal, canRestart: mayRestart }: Context): Promise<void> {
  if (!mayRestart) {
    await finishRestore(root, restoreCode(root));
    return;
  }
  await supervisor.restart();
  const deadline = performance.now() + RESTORE_MS;
  while (readRestore(root) !== null) {
    if (performance.now() > deadline) {
      throw new ReleasesError(
        'restore_failed',
        'The state is half put back, and the launcher does not finish it.',
        {
          hint: ['openclaw-releases status', supervisor.byHand.log].filter(Boolean).join('; '),
        },
      );
    }
    await setTimeout(POLL_MS, undefined, { signal });
  }
}

/** Nothing was started since the switch, so nothing has touched the state: there is nothing to put back. */
export function keepState({ root, change }: Context): void {
  if (readRestore(root)?.change === change.id) cancelRestore(root);
}

/** What the launcher did about the state on behalf of a change, into its record. */
export function noteRestore({ root, change }: Pick<Context, 'root' | 'change'>): void {
  const last = lastRestore(root);
  if (last?.change === change.id) change.facts.stateRestored = last;
}
