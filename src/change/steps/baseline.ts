import { ReleasesError, toErrorRecord } from '../../core/errors.js';
import { type Context, NothingToDo, type Step } from '../../ledger/context.js';
import { inspectIfThere, runningRelease } from '../../ledger/running-release.js';
import { sampleAbilities } from '../../openclaw/abilities.js';
import { apartFromDrain, type Health } from '../../openclaw/health.js';
import { instanceOf } from '../../openclaw/instance.js';
import { versionsToday } from '../../rollback/compatibility/compatibility.js';
import { commandsByHand } from '../../rollback/manual-steps.js';
import { keepState, noteRestore } from '../../rollback/restore-request.js';
import { findStatePlace } from '../../state/place.js';
import { decide } from '../../state/restore/preconditions.js';
import { lastRestore, type Restore, readRestore } from '../../state/restore-records.js';
import { currentRelease, endTrial, readTrial, TRIAL_BOOTS } from '../../store/links.js';
import type { Root } from '../../store/root.js';
import { restartAnnounced } from '../announced-restart.js';
import { releaseDrain } from '../drain-lease.js';
import { checkListener, evictOrphans } from '../port-holder.js';
import { reachBefore } from '../reach-before.js';
import { nameRefusedPeers } from '../refused-peers.js';
import { awaitVerified } from '../verification.js';
import { alignTo } from './restart.js';
import { dropSnapshots } from './snapshot.js';

/**
 * Measures the running gateway; its undo brings that back. It stands before `switch` because undo runs in reverse:
 * `current` must point back before the restart, or the failed release would start again.
 */
export const baseline: Step = {
  name: 'baseline',
  async do(context) {
    const { root, supervisor, change } = context;
    const { facts } = change;
    let found = await reachBefore(supervisor, change.plan, context.signal);
    const { inspection } = found;
    const release = runningRelease(root, inspection);
    const onlySwitches = change.plan.steps.includes('switch');
    if (
      onlySwitches &&
      release !== null &&
      release === facts.to &&
      facts.from === release &&
      readTrial(root) === null
    ) {
      await releaseDrain(context);
      throw new NothingToDo(`${release} runs already`);
    }
    if (change.plan.evictOrphan) {
      const evicted = await evictOrphans(found.endpoint, supervisor);
      if (evicted.length > 0)
        change.warnings.push(`Ended what held port ${found.endpoint.port}: ${evicted.join(', ')}.`);
      found = await reachBefore(supervisor, change.plan, context.signal);
    }
    const { endpoint } = found;
    await checkListener(endpoint, supervisor);
    const seen = inspection.pid === null ? null : found.health;
    const health = seen && facts.drain ? apartFromDrain(seen, facts.drain.wasReady) : seen;
    // The phase is the gateway's whole answer, and only shows the progress of a start.
    const kept = health && { ...health, phase: null };
    facts.place = findStatePlace(inspection.launch);
    const [abilities] = await Promise.all([
      facts.drain?.abilities ?? (health?.live ? sampleAbilities(endpoint) : {}),
      // The wait for an idle gateway has done so already.
      health?.live && !change.plan.idle && nameRefusedPeers(context, endpoint),
    ]);
    facts.baseline = {
      ...{ state: inspection.state, instance: inspection.instance, release, health: kept },
      ...(Object.keys(abilities).length > 0 && { abilities }),
    };
    const instance = instanceOf(inspection, endpoint);
    if (instance) facts.instance = instance;
    facts.from = release ?? facts.from;
    const versions = onlySwitches ? await versionsToday(root, facts.place, facts) : null;
    if (versions) facts.versionsBefore = versions;
    if (!health) return `no gateway runs (${inspection.state})`;
    return `${release ?? 'a gateway of another origin'} is ${health.ready ? 'ready' : health.live ? 'live, not ready' : 'not live'}`;
  },
  async undo(context) {
    const { root, supervisor, change } = context;
    const { baseline: before } = change.facts;
    if (!before || !context.canRestart) return;
    const now = await inspectIfThere(supervisor);
    if (now === null) {
      // No supervisor, no gateway: the links are restored, and the next start uses them.
      change.warnings.push('The supervisor has ended, so no gateway was started: openclaw-releases run');
      return;
    }
    if (now.state === before.state && now.instance === before.instance) return keepState(context);
    // The launcher may have rolled back already. Its start counts, unless the state still waits for its restore.
    const isBack =
      before.release !== null && runningRelease(root, now) === before.release && readRestore(root) === null;
    const instance = isBack ? now.instance : await bringBack(context, before.release);
    endTrialOfTheDead(context);
    if (instance === null || !before.health?.live) return;
    try {
      await awaitBack(context, { ...before, health: before.health }, instance);
    } catch (error) {
      noteRestore(context);
      throw stranded(context, before.release, notRestored(context, error));
    }
    noteRestore(context);
    dropSnapshots(root, change);
  },
};

type Before = { release: string | null; health: Health };

/**
 * Allows more starts after a crash on the way back, as this release ran here before and the cause may be elsewhere;
 * also after an interrupted restore, which the launcher then continues.
 */
async function awaitBack(context: Context, before: Before, instance: string): Promise<void> {
  const { release, health } = before;
  const well = (started: string) =>
    awaitVerified(context, {
      ...{ release, instance: started, before: health, mustBeReady: health.ready, settleMs: 0 },
      // Its configuration may have changed since it started: what starts again from it is still the gateway from before.
      gateway: null,
      limits: context.change.plan.limits,
    });
  let started: string | null = instance;
  for (let starts = 1; started !== null; starts++) {
    try {
      await well(started);
      return;
    } catch (error) {
      const crashed = error instanceof ReleasesError && error.code === 'gateway_crashed';
      const mayHelp = crashed || readRestore(context.root) !== null;
      if (!mayHelp || starts >= TRIAL_BOOTS || context.signal.aborted) throw error;
    }
    started = await bringBack(context, release);
  }
}

/** Names the launcher's reason where the state of the release is not restored, else returns the cause. */
function notRestored({ root, change }: Context, cause: unknown): unknown {
  const restore = readRestore(root);
  const last = lastRestore(root);
  const isGivenUp = last?.change === change.id && last.release !== currentRelease(root);
  if (restore === null && !isGivenUp) return cause;
  const why = restore === null ? last?.why : (restore.failed?.why ?? whyNot(root, restore));
  return new ReleasesError('restore_failed', `its state is not restored. ${why}`, { cause });
}

/** Looks without a change: two processes must never exchange a state at once. */
function whyNot(root: Root, restore: Restore): string {
  try {
    if (restore.phase === 'pending') decide(root, restore);
  } catch (error) {
    return toErrorRecord(error).message;
  }
  return 'The launcher does not finish it.';
}

/**
 * Ends a trial that a launcher, stopped between its read and its write of `trial`, wrote back after the undo. Earlier
 * starts have ended by now, so no process can write it again.
 */
function endTrialOfTheDead({ root }: Context): void {
  const trial = readTrial(root);
  if (trial !== null && trial.id !== currentRelease(root)) endTrial(root);
}

/** Restarts the gateway. Null without a supervisor: its next start uses `current`. */
async function bringBack(context: Context, release: string | null): Promise<string | null> {
  try {
    await alignTo(context, release);
    return (await restartAnnounced(context, 'returnNotice')).instance;
  } catch (error) {
    if (!(error instanceof ReleasesError && error.code === 'supervisor_not_found'))
      throw stranded(context, release, error);
    context.change.warnings.push(`${error.message} What is started next is ${release}.`);
    return null;
  }
}

function stranded(context: Context, release: string | null, cause: unknown): ReleasesError {
  const { code, message } = toErrorRecord(cause);
  return new ReleasesError(
    code,
    `${release ?? 'The gateway from before'} could not be brought back: ${message}`,
    {
      hint: commandsByHand(context),
      cause,
    },
  );
}
