import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context } from '../ledger/context.js';
import { isKept, putBackPluginSet } from '../openclaw/plugin-set.js';
import { pluginPlaceOf } from '../rollback/plugin-place.js';
import { lastRestore, readRestore } from '../state/restore-records.js';
import { readTrial, startTrial } from '../store/links.js';
import { removeTree } from '../store/seal.js';
import { expectedOf } from './expectation.js';
import { saveIntent } from './saving.js';
import { targetOf } from './steps/switch.js';
import { awaitVerified } from './verification.js';

export function keptPluginSet({ root, change }: Pick<Context, 'root' | 'change'>): string {
  return join(root.staging, change.id, 'plugins');
}

export function dropPluginSet(context: Pick<Context, 'root' | 'change'>): void {
  const kept = keptPluginSet(context);
  if (!existsSync(kept)) return;
  removeTree(context.root, kept);
  // The seal has already removed all else from this directory.
  if (readdirSync(dirname(kept)).length === 0) rmdirSync(dirname(kept));
}

/**
 * Restores the old plugins, unless a restore of the whole state, which contains them, is pending or done.
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

/** @throws ReleasesError as `awaitVerified` and the supervisor's restart do */
export async function startOnceMore(context: Context): Promise<void> {
  const { root, change, supervisor } = context;
  const { facts } = change;
  const to = targetOf(context);
  // Resets the trial's count: it limits unwanted starts, and this restart is intended.
  const trial = readTrial(root);
  if (trial?.id === to) startTrial(root, to, undefined, trial.bootId ?? undefined);
  // A recovery must not wait for the old process.
  delete facts.restart;
  saveIntent({ root, change });
  facts.restart = await supervisor.restart();
  saveIntent({ root, change });
  await awaitVerified(context, expectedOf(change));
}
