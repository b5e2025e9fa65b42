import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../../src/ledger/ledger.js';
import { nameKeys } from '../support/name-keys.js';
import type { AtEnd } from '../support/place.js';
import { makeWorld, QUICK, type World } from '../support/world.js';
import { type Failure, failureOf, REPLAYABLE } from './failures.js';

/** End of a change: two of them are compared. */
export interface Verdict {
  status: string | null;
  error: string | null;
  /** The step that failed. */
  step: string | null;
  undoError: string | null;
}

export interface Replay {
  recorded: Verdict;
  replayed: Verdict;
}

const KINDS = ['update', 'stage', 'switch'];

/** Reason why a change cannot run again in miniature, as a sentence; null when it can. */
export function whyNoReplay({ plan, error, undoError, recovery, facts }: Change): string | null {
  if (!KINDS.includes(plan.kind))
    return `It is a change of the kind "${plan.kind}"; a replay has ${KINDS.join(', ')}.`;
  if (recovery) return 'It was interrupted; "npm run torture" interrupts changes at every moment.';
  if (plan.kind !== 'stage' && facts.from === null) return 'No release ran before it.';
  if (facts.from !== null && facts.from === facts.to) return `It is a change from ${facts.from} to itself.`;
  if (undoError && undoError.code !== 'gateway_crashed')
    return `The rollback failed with "${undoError.code}", which comes from the host.`;
  if (error && failureOf(error) === null)
    return `"${error.code}" comes from the host and not from a release. Replayed are: ${REPLAYABLE.join(', ')}.`;
  return null;
}

/** Runs a failed change again in a root that is thrown away, with miniature releases in place of the real ones. */
export async function replay(change: Change, atEnd: AtEnd): Promise<Replay> {
  const failure = change.error && failureOf(change.error);
  if (!failure) throw new Error(whyNoReplay(change) ?? 'It did not fail.');
  const world = await makeWorld(atEnd);
  await nameKeys(world.registry, join(world.root, 'registry-keys.json'));
  const relapse = join(world.path, 'relapse');
  const { from } = change.facts;
  if (from !== null) {
    world.publish(from, { ...failure.before, ...(change.undoError && { crashesWhile: relapse }) });
    await world.start(from, '--stop-timeout', '2');
  }
  const target = change.facts.resolved?.version ?? change.facts.to ?? change.plan.target;
  await publish(world, target, failure, change.plan.kind);
  if (change.undoError) writeFileSync(relapse, '');
  const { json } = await world.cli(change.plan.kind, target, ...(change.plan.kind === 'stage' ? [] : QUICK));
  return { recorded: verdictOf(change), replayed: verdictOf(json) };
}

async function publish(world: World, target: string, failure: Failure, kind: string): Promise<void> {
  if (failure.absent) return;
  world.publish(target, failure.behaviour);
  if (kind === 'switch') await world.ok('stage', target);
  // Its archive alone: the dependencies of a release are not what failed.
  const archive = failure.fault === 'wrong-integrity' && /\/openclaw-[^/]*\.tgz$/;
  if (failure.fault) world.registry.fault({ kind: failure.fault, ...(archive && { match: archive }) });
}

/** Verdict in a record, and in the document that a command printed: both have these. */
function verdictOf(change: Pick<Change, 'status' | 'steps' | 'error' | 'undoError'>): Verdict {
  return {
    status: change.status,
    error: change.error?.code ?? null,
    step: change.steps?.find(({ state }) => state === 'failed')?.name ?? null,
    undoError: change.undoError?.code ?? null,
  };
}
