import { join } from 'node:path';
import { toErrorRecord } from '../../core/errors.js';
import type { Context, Step } from '../../ledger/context.js';
import { DEFAULT_LIMITS } from '../../ledger/plan.js';
import { wholeLaunch } from '../../ledger/running-release.js';
import { hasPlugins } from '../../openclaw/plugin-folders.js';
import { configDigest, isKept, keepPluginSet } from '../../openclaw/plugin-set.js';
import {
  brokenPlugins,
  type PluginFailure,
  type SyncReport,
  type SyncRequest,
  syncPlugins,
} from '../../openclaw/plugin-sync.js';
import { listPlugins } from '../../openclaw/plugins.js';
import { pluginPlaceOf } from '../../rollback/plugin-place.js';
import type { StatePlace } from '../../state/place.js';
import { readManifest, releaseDirectory } from '../../store/manifest.js';
import { saveIntent } from '../engine.js';
import { dropPluginSet, keptPluginSet, returnPluginSet, startOnceMore } from '../plugin-set.js';
import { wasStopped } from './restart.js';
import { targetOf } from './switch.js';

/** To ask a release which plugins it cannot load; it loads each of them for that. Milliseconds. */
const QUESTION_MS = 60_000;

/**
 * Brings installed plugins along, once the release itself is verified: what keeps a plugin from coming along is a
 * warning with its name, and never undoes the release. The gateway must stay well, though: if it is not with the new
 * set, it is started once more with the set from before, and only if it is not well with that one either has the
 * change failed.
 */
export const plugins: Step = {
  name: 'plugins',
  skip: (context) => wasStopped(context) ?? withoutPlugins(context),
  async do(context) {
    const { root, change, signal } = context;
    const { place } = change.facts;
    if (!place) return 'no plugin is installed';
    try {
      const request = await requestFor(context, place);
      change.facts.plugins ??= { before: await listPlugins(request.place, request.version, signal) };
      // One that is kept already is from before a first try, which was cut off.
      const kept = keptPluginSet(context);
      if (!isKept(kept)) await keepPluginSet(request.place, kept, signal);
      saveIntent({ root, change });
      const report = await syncPlugins(request);
      return await take(context, request, report);
    } catch (error) {
      if (signal.aborted || error instanceof NotWell) throw error;
      change.warnings.push(`The plugins were left as they are: ${toErrorRecord(error).message}`);
      await returnPluginSet(context);
      return 'left as they are';
    }
  },
  async undo(context) {
    await returnPluginSet(context);
    dropPluginSet(context);
  },
};

/** The gateway itself is not well any more: that is what a change fails for. */
class NotWell extends Error {}

function withoutPlugins({ change }: Context): string | null {
  const { place } = change.facts;
  return place && hasPlugins(place.directory) ? null : 'no plugin is installed';
}

async function requestFor(context: Context, place: StatePlace): Promise<SyncRequest> {
  const { root, change, supervisor, signal } = context;
  const { id, version } = readManifest(root, targetOf(context));
  const directory = releaseDirectory(root, id);
  return {
    ...{ place: await pluginPlaceOf(context, place), version, signal },
    node: join(directory, 'node'),
    main: join(directory, 'main'),
    // All of it: the tools need a PATH, and what a registry is reached by, as the gateway has them.
    env: wholeLaunch(await supervisor.inspect()).env,
    budgetMs: change.plan.limits.pluginsMs ?? DEFAULT_LIMITS.pluginsMs,
  };
}

/** Starts the gateway with what the tools have made of the plugins, or goes back on that; one sentence for people. */
async function take(context: Context, request: SyncRequest, report: SyncReport): Promise<string> {
  const { change, signal } = context;
  const { changed, relinked, failed, cutOff } = report;
  const touched = [...new Set([...changed.map(({ id }) => id), ...relinked])].join(', ');
  if (change.facts.plugins) change.facts.plugins.config = configDigest(request.place);
  if (cutOff) {
    // Half of a plugin may be there.
    await returnPluginSet(context);
    if (touched !== '') await startedWell(context);
  } else if (touched !== '') {
    const problem = await problemOfStart(context);
    if (problem !== null) {
      change.warnings.push(
        `The gateway was not well with what became of ${touched}, so the plugins from before were put back: ${problem}`,
      );
      await returnPluginSet(context);
      await startedWell(context);
      return 'put back as they were';
    }
  }
  const enabled = report.plugins.some((plugin) => plugin.enabled);
  const broken = enabled ? await brokenPlugins({ ...request, budgetMs: QUESTION_MS }) : [];
  warn(context, [...failed, ...broken]);
  const after = await listPlugins(request.place, request.version, signal);
  if (change.facts.plugins) change.facts.plugins.after = after;
  if (cutOff) return 'put back as they were';
  if (changed.length > 0)
    return changed.map(({ id, from, to }) => `${id} ${from ?? 'new'} -> ${to ?? 'gone'}`).join(', ');
  return relinked.length > 0 ? `${touched} linked to this release` : 'nothing to change';
}

async function problemOfStart(context: Context): Promise<string | null> {
  try {
    await startOnceMore(context);
    return null;
  } catch (error) {
    if (context.signal.aborted) throw error;
    return toErrorRecord(error).message;
  }
}

async function startedWell(context: Context): Promise<void> {
  const problem = await problemOfStart(context);
  if (problem !== null) throw new NotWell(problem);
}

/** One warning for each plugin, with all that is known of why. */
function warn({ change }: Context, failures: PluginFailure[]): void {
  for (const id of new Set(failures.map((failure) => failure.id))) {
    const reasons = failures.filter((failure) => failure.id === id).map(({ why }) => why);
    change.warnings.push(`The plugin ${id} has not come along: ${reasons.join('; ')}`);
  }
}
