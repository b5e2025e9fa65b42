import { ReleasesError, toErrorRecord } from '../../errors.js';
import { findEndpoint } from '../../gateway/endpoint.js';
import { sampleHealth } from '../../gateway/health.js';
import { readTrial } from '../../store/switch.js';
import { type Context, NothingToDo, type Step } from '../context.js';
import { inspectIfThere, runningRelease } from '../running.js';
import { awaitVerified, checkListener } from '../verification.js';

/**
 * Measures what runs, before anything points elsewhere; its undo brings that back. It stands before `switch` so
 * that undoing in reverse repoints `current` first and restarts after: an undo that belonged to `restart` would
 * start the failed release once more.
 */
export const baseline: Step = {
  name: 'baseline',
  async do(context) {
    const { root, supervisor, change } = context;
    const { facts } = change;
    const inspection = await supervisor.inspect();
    const release = runningRelease(root, inspection);
    if (release !== null && release === facts.to && facts.from === release && readTrial(root) === null) {
      throw new NothingToDo(`${release} runs already`);
    }
    const endpoint = findEndpoint(inspection.launch);
    await checkListener(endpoint, supervisor);
    const health = inspection.pid === null ? null : await sampleHealth(endpoint);
    facts.baseline = { state: inspection.state, instance: inspection.instance, release, health };
    facts.from = release ?? facts.from;
    if (!health) return `no gateway runs (${inspection.state})`;
    return `${release ?? 'a gateway of another origin'} is ${health.ready ? 'ready' : health.live ? 'live, not ready' : 'not live'}`;
  },
  async undo(context) {
    const { supervisor, change } = context;
    const { baseline: before, from } = change.facts;
    if (!before || from === null) return;
    const now = await inspectIfThere(supervisor);
    if (now === null) {
      // Without its supervisor no gateway runs: pointing back is all there is to do, and the next start does the rest.
      change.warnings.push('The supervisor has ended, so no gateway was started: openclaw-releases run');
      return;
    }
    if (now.state === before.state && now.instance === before.instance) return;
    const { instance } = await supervisor.restart();
    if (!before.health?.live) return;
    try {
      await awaitVerified(context, {
        release: from,
        instance,
        before: before.health,
        mustBeReady: before.health.ready,
        settleMs: 0,
        limits: change.plan.limits,
      });
    } catch (error) {
      throw stranded(context, from, error);
    }
  },
};

function stranded(context: Context, from: string, cause: unknown): ReleasesError {
  const reason = toErrorRecord(cause).message;
  return new ReleasesError('rollback_failed', `${from} was started again and is not well: ${reason}`, {
    hint: `openclaw-releases status; openclaw-releases verify ${from}; openclaw-releases --root ${context.root.path} switch ${from}`,
    cause,
  });
}
