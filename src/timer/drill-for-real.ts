import { performChange } from '../control/detached/start.js';
import { ReleasesError } from '../core/errors.js';
import { moment } from '../core/moment.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import type { PlanOptions } from '../ledger/plan.js';
import { lastDrill } from '../rollback/drills.js';
import { lossText, type Pair, pairFor } from '../rollback/plan.js';
import { currentRelease, previousRelease } from '../store/links.js';
import { readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';
import { nextOpening, openingAt } from './rules/window.js';

export interface ForRealPlan {
  current: string;
  previous: string;
  /** Sentences about the state of the two directions. */
  states: string;
}

export interface ForRealRun {
  there: Change;
  /** Null where the release of before never left, or could not be left. */
  back: Change | null;
  /** The release that is current now. */
  stands: string | null;
}

/**
 * Checks everything before anybody is asked.
 * @param anyTime also outside of the windows
 * @throws ReleasesError `drill_refused`, `no_current`, `no_previous`, `supervisor_not_found`, `state_incompatible`
 */
export async function planForReal(environment: Environment, anyTime: boolean): Promise<ForRealPlan> {
  const { root } = environment;
  const [current, previous] = [currentRelease(root), previousRelease(root)];
  if (current === null || previous === null || current === previous)
    throw refused('There is no previous release to return to.', 'openclaw-releases list');
  const supervisor = supervisorOf(environment);
  const { state } = await supervisor.inspect();
  if (state !== 'running') throw refused(`The gateway is ${state}.`, 'openclaw-releases status');
  if (await supervisor.owns(process.pid).catch(() => false))
    throw refused(
      'This command is part of the gateway that it would restart.',
      'Type it in a shell of its own.',
    );
  const proof = lastDrill(listChanges(root), previous);
  if (proof === null || proof.error !== null)
    throw refused(`Rolling back to ${previous} is not proven.`, 'openclaw-releases drill');
  if (!anyTime) requireWindow(root);
  const pair = await pairFor(environment, previous);
  if (pair.kind === 'none')
    throw refused(`${previous} cannot read today's state: ${pair.why}.`, 'openclaw-releases list');
  return { current, previous, states: statesText(pair, current, previous) };
}

function requireWindow(root: Root, now = Date.now()): void {
  const { windows = [] } = readPolicy(root).schedule ?? {};
  if (openingAt(windows, now) !== null) return;
  const next = nextOpening(windows, now);
  const when = next === null ? '' : ` The next one opens at ${moment(next)}.`;
  throw refused(
    `This is outside of the maintenance windows.${when}`,
    'openclaw-releases drill --for-real --any-time',
  );
}

function statesText(pair: Pair, current: string, previous: string): string {
  if (pair.kind !== 'state')
    return `${previous} runs on today's state, and ${current} continues on it: nothing of the state is exchanged.`;
  return `${lossText(previous, pair)} Then ${current} gets it back; what ${previous} wrote meanwhile is displaced, not deleted.`;
}

/** Rolls back and switches forward again, each as an ordinary change, which is undone where it is not verified. */
export async function drillForReal(
  environment: Environment,
  { current, previous }: ForRealPlan,
  options: PlanOptions,
  tell: (sentence: string) => void,
): Promise<ForRealRun> {
  const { root } = environment;
  const there = await performChange(
    environment,
    { kind: 'rollback', target: previous, options: { ...options, state: 'restore', forReal: 'there' } },
    tell,
  );
  const isThere = there.error === null && currentRelease(root) === previous;
  if (!isThere) return { there, back: null, stands: currentRelease(root) };
  const { stateRestored } = there.facts;
  const restoreFrom = stateRestored?.restored ? stateRestored.aside : null;
  // A Ctrl-C after the rollback leaves nobody on the older release.
  const { signal: _, ...uninterrupted } = environment;
  const back = await performChange(
    uninterrupted,
    {
      kind: 'switch',
      target: current,
      options: { ...options, state: 'keep', forReal: 'back', ...(restoreFrom !== null && { restoreFrom }) },
    },
    tell,
  );
  return { there, back, stands: currentRelease(root) };
}

function refused(why: string, hint: string): ReleasesError {
  return new ReleasesError('drill_refused', `A drill for real is not possible now: ${why}`, { hint });
}
