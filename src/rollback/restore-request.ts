import { ReleasesError } from '../core/errors.js';
import { waitUntil } from '../host/wait.js';
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
  restoreLimitMs,
} from '../state/restore-records.js';
import { readTrial, TRIAL_BOOTS } from '../store/links.js';
import type { Root } from '../store/root.js';
import { restoreCode } from './restore-link.js';

/** Milliseconds for links and for the digests of the restored state; copies get more. */
const RESTORE_MS = 120_000;

/** Records, before the switch, the state that the launcher restores with the code if the trial fails. */
export function prepareStateToReturn({ root, change }: Context, from: string, to: string): void {
  const { place, snapshot, restore } = change.facts;
  // If the trial of a rollback fails, the launcher restores the state that this rollback is about to displace.
  const kept = restore ? asideName(change, from) : snapshot?.name;
  if (!place || kept === undefined) {
    // A record of an earlier trial is not valid for this one.
    endReturn(root);
    return;
  }
  prepareReturn(root, {
    ...{ schema: 1, change: change.id, release: from, from: kept },
    ...{ aside: { name: asideName(change, to), release: to }, place },
    ...{ onlyIfChanged: !restore, phase: 'pending' },
  });
}

/** Asks the launcher to restore the state before it starts the older release of a rollback. */
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

function asideName(change: Change, release: string): string {
  return `${release}-displaced-${change.id.split('-')[0]}`;
}

/**
 * Requests the restore before `current` is repointed: half a pair would start the old code on the new state. Leaves a
 * state alone that no process of the target can have touched.
 */
export async function returnState(context: Context): Promise<void> {
  const { root, change } = context;
  const pending = readRestore(root);
  if (pending?.change === change.id && pending.release === change.facts.to) {
    if (cancelRestore(root)) return endReturn(root);
    await awaitRestore(context);
  }
  if (!stepOf(change, 'restart') && !wasLaunched(root)) return endReturn(root);
  beginReturn(root);
}

/** Returns true where a launcher has counted a start of the trial: what crashed between the switch and the restart came back. */
function wasLaunched(root: Root): boolean {
  const trial = readTrial(root);
  return trial !== null && trial.boots < TRIAL_BOOTS;
}

/** At boot this process finishes the restore; else the launcher does, after a restart. */
async function awaitRestore({ root, supervisor, signal, canRestart: mayRestart }: Context): Promise<void> {
  if (!mayRestart) {
    await finishRestore(root, restoreCode(root));
    return;
  }
  const withinMs = RESTORE_MS + restoreLimitMs(root, readRestore(root));
  await supervisor.restart();
  if (await waitUntil({ withinMs, signal }, () => readRestore(root) === null)) return;
  const message = `The state is half restored, and the launcher does not finish it within ${Math.round(withinMs / 1000)} s.`;
  throw new ReleasesError('restore_failed', message, {
    hint: ['openclaw-releases status', supervisor.byHand.log].filter(Boolean).join('; '),
  });
}

/** Cancels the restore: no process was started since the switch, so the state is unchanged. */
export function keepState({ root, change }: Context): void {
  if (readRestore(root)?.change === change.id) cancelRestore(root);
}

export function noteRestore({ root, change }: Pick<Context, 'root' | 'change'>): void {
  const last = lastRestore(root);
  if (last?.change === change.id) change.facts.stateRestored = last;
}
