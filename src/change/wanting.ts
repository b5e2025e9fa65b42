import { setTimeout } from 'node:timers/promises';
import { ReleasesError } from '../errors.js';
import type { Root } from '../store/root.js';
import { type Change, isUnderWay, listChanges, readChange, stepOf } from './ledger.js';
import type { Asker } from './plan.js';
import { canBeStopped } from './stopping.js';
import { dropWishes, wish } from './wishes.js';

const POLL_MS = 200;

const UNTOUCHED = 'Nothing was changed.';

/**
 * Stops the change under way, and resolves with it once it has its end: stopped, or failed by itself meanwhile. What
 * was begun is undone first, which takes as long as it takes.
 * @throws ReleasesError `nothing_under_way`, `too_late`
 */
export async function stopChange(root: Root, by: Asker): Promise<Change> {
  const { id } = changeUnderWay(root);
  for (let change = readChange(root, id), said = false; ; change = readChange(root, id)) {
    if (change.endedAt === null && isUnderWay(change) && (change.error !== null || canBeStopped(change))) {
      if (!said) wish(root, id, 'stop', by);
      said = true;
      await setTimeout(POLL_MS);
      continue;
    }
    dropWishes(root, id);
    if (change.endedAt !== null) return change;
    if (!isUnderWay(change)) throw hasDied(change);
    throw new ReleasesError('too_late', `${id} is past its switch (${change.steps.at(-1)?.name}).`, {
      hint: 'openclaw-releases status --follow; then openclaw-releases rollback',
      untouched: UNTOUCHED,
    });
  }
}

/**
 * Has the change under way restart the gateway without waiting for it any longer. One that has not come to that yet
 * will not begin to wait.
 * @throws ReleasesError `nothing_under_way`, `too_late`
 */
export function skipWait(root: Root, by: Asker): Change {
  const change = changeUnderWay(root);
  const step = stepOf(change, 'idle');
  const waits = change.plan.steps.includes('idle') && (step === undefined || step.state === 'doing');
  if (!waits || !canBeStopped(change)) {
    throw new ReleasesError('too_late', `${change.id} does not wait for the gateway, or not any more.`, {
      hint: 'openclaw-releases status --follow',
      untouched: UNTOUCHED,
    });
  }
  wish(root, change.id, 'skip', by);
  return change;
}

function changeUnderWay(root: Root): Change {
  const change = listChanges(root).find(isUnderWay);
  if (change) return change;
  throw new ReleasesError('nothing_under_way', 'No change is under way.', {
    hint: 'openclaw-releases status',
    untouched: UNTOUCHED,
  });
}

function hasDied({ id }: Change): ReleasesError {
  return new ReleasesError('nothing_under_way', `The process that made ${id} has died.`, {
    hint: 'openclaw-releases recover',
    untouched: UNTOUCHED,
  });
}
