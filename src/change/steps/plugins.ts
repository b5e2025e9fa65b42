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
import { redactorFor } from '../../state/secrets.js';
import { readManifest, releaseDirectory } from '../../store/manifest.js';
import { dropPluginSet, keptPluginSet, returnPluginSet, startOnceMore } from '../plugin-set.js';
import { saveIntent } from '../saving.js';
import { wasStopped } from './restart.js';
import { targetOf } from './switch.js';

/** Milliseconds; the release loads every plugin to find those that fail. */
const QUESTION_MS = 60_000;

/**
 * Updates plugins after the release is verified. A plugin that fails is a warning and never undoes the release. If the
 * gateway is unhealthy with the new set, restores the old one; the change fails only if that fails, too.
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
      // An existing copy is from a first try that was interrupted, so it is the older one.
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

class NotWell extends Error {}

function withoutPlugins({ change }: Context): string | null {
  const { place } = change.facts;
  return place && hasPlugins(place.directory) ? null : 'no plugin is installed';
}

async function requestFor(context: Context, place: StatePlace): Promise<SyncRequest> {
  const { root, change, supervisor, signal } = context;
  const { id, version } = readManifest(root, targetOf(context));
  const directory = releaseDirectory(root, id);
  // The whole environment: the tools need the gateway's PATH and its registry settings.
  const { env } = wholeLaunch(await supervisor.inspect());
  return {
    ...{ place: await pluginPlaceOf(context, place), version, signal },
    node: join(directory, 'node'),
    main: join(directory, 'main'),
    env,
    redact: redactorFor(place, env),
    budgetMs: change.plan.limits.pluginsMs ?? DEFAULT_LIMITS.pluginsMs,
  };
}

/** Starts the gateway with the new plugins, or restores the old ones. Returns one sentence for people. */
async function take(context: Context, request: SyncRequest, report: SyncReport): Promise<string> {
  const { change, signal } = context;
  const { changed, relinked, failed, cutOff } = report;
  const touched = [...new Set([...changed.map(({ id }) => id), ...relinked])].join(', ');
  if (change.facts.plugins) change.facts.plugins.config = configDigest(request.place);
  if (cutOff) {
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

function warn({ change }: Context, failures: PluginFailure[]): void {
  for (const id of new Set(failures.map((failure) => failure.id))) {
    const reasons = failures.filter((failure) => failure.id === id).map(({ why }) => why);
    change.warnings.push(`The plugin ${id} has not come along: ${reasons.join('; ')}`);
  }
}
