import { ReleasesError, toErrorRecord } from '../core/errors.js';
import { nextPlace } from '../ledger/history.js';
import { type Change, newChange, type StepState } from '../ledger/ledger.js';
import { planChange, type StepName } from '../ledger/plan.js';
import { currentRelease, previousRelease, type Trial } from '../store/links.js';
import { directoryNames } from '../store/manifest.js';
import type { Root } from '../store/root.js';

/** Assumed health of `previous`: nobody measured it, but a proven release did run. */
const PRESUMED_WELL = { answered: true, live: true, ready: true, failing: [], phase: null, version: null };

/**
 * Rebuilds the change of a trial without a record, from the links; recovery then rolls it back. Null when the trial is
 * not for `current`: that switch never happened, or was undone.
 */
export function changeFromTrial(root: Root, trial: Trial): Change | null {
  const to = currentRelease(root);
  const from = previousRelease(root);
  const isAboutAnother = trial.id !== to && directoryNames(root.releases).includes(trial.id);
  if (to === null || from === null || from === to || isAboutAnother) return null;
  const change = newChange(planChange('switch', to), { from, to, previous: null }, nextPlace(root));
  const step = (name: StepName, state: StepState) => ({ name, state, startedAt: change.startedAt });
  change.steps = [
    step('baseline', 'done'),
    step('switch', 'done'),
    step('restart', 'done'),
    step('verify', 'doing'),
  ];
  change.facts.baseline = { state: 'running', instance: null, release: from, health: PRESUMED_WELL };
  change.error = toErrorRecord(
    new ReleasesError(
      'interrupted',
      `${to} is on trial, and there is no record of the change that began it.`,
      {
        hint: `openclaw-releases switch ${to}, to try it again`,
        untouched: '',
      },
    ),
  );
  return change;
}
