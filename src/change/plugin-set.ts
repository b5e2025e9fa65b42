import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context } from '../ledger/context.js';
import { isKept, putBackPluginSet } from '../openclaw/plugin-set.js';
import { pluginPlaceOf } from '../rollback/plugin-place.js';
import { lastRestore, readRestore } from '../state/restore-request.js';
import { readTrial, startTrial } from '../store/links.js';
import { removeTree } from '../store/seal.js';
import { saveIntent } from './engine.js';
import { targetOf } from './steps/switch.js';
import { awaitVerified } from './verification.js';

/** Where the set from before is kept while the change is under way. */
export function keptPluginSet({ root, change }: Pick<Context, 'root' | 'change'>): string {
  return join(root.staging, change.id, 'plugins');
}

/** The set of before is of no use any more: it was put back, or the change is proven. */
export function dropPluginSet(context: Pick<Context, 'root' | 'change'>): void {
  const kept = keptPluginSet(context);
  if (!existsSync(kept)) return;
  removeTree(context.root, kept);
  // Nothing else is staged any more once the release is sealed.
  if (readdirSync(dirname(kept)).length === 0) rmdirSync(dirname(kept));
}

/**
 * Puts the plugins back as they were before the release's tools came to them, if they were kept, and if the state is
 * not being put back as a whole, or was: that has the plugins of the release from before in it.
 * @throws ReleasesError `write_failed`
 */
export async function returnPluginSet(context: Context): Promise<void> {
  const { root, change } = context;
  const { place, plugins } = change.facts;
  if (!place || !isKept(keptPluginSet(context)) || readRestore(root) !== null) return;
  const last = lastRestore(root);
  if (last?.change === change.id && last.restored) return;
  const where = await pluginPlaceOf(context, place);
  const left = await putBackPluginSet(where, keptPluginSet(context), plugins?.config, context.signal);
  change.warnings.push(...left);
}

/**
 * Starts the gateway of the change's release once more and waits until all rules of "verified" hold again.
 * @throws ReleasesError as `awaitVerified` and the supervisor's restart do
 */
export async function startOnceMore(context: Context): Promise<void> {
  const { root, change, supervisor } = context;
  const { facts, plan } = change;
  const to = targetOf(context);
  // A start that is asked for is none that the trial counts: three of them are for those that nobody wanted.
  if (readTrial(root)?.id === to) startTrial(root, to);
  // Whoever takes over from here must not look for the process from before.
  delete facts.restart;
  saveIntent({ root, change });
  facts.restart = await supervisor.restart();
  saveIntent({ root, change });
  await awaitVerified(context, {
    release: to,
    instance: facts.restart.instance,
    before: facts.baseline?.health ?? null,
    mustBeReady: true,
    settleMs: plan.limits.settleMs,
    limits: plan.limits,
  });
}
