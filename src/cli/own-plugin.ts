import { ReleasesError } from '../core/errors.js';
import { shellWord } from '../core/shell-word.js';
import { exec } from '../host/exec.js';
import type { Launch } from '../host/place.js';
import { type Environment, supervisorOf } from '../ledger/environment.js';
import { listChanges } from '../ledger/ledger.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { hasOwnEntry, hasOwnPlugin, OWN_PLUGIN } from '../openclaw/own-plugin.js';
import { sqliteNodeOf } from '../rollback/compatibility/sqlite-node.js';
import { configPath, findStatePlace } from '../state/place.js';
import { currentRelease, previousRelease } from '../store/links.js';
import type { Root } from '../store/root.js';

const PLUGIN_LIMIT_MS = 60_000;

/**
 * Looks where the root's gateway has its state, which this shell may not name.
 * @returns environment to uninstall our plugin in; null where it is not installed
 */
export async function findOwnPlugin(environment: Environment): Promise<Launch['env'] | null> {
  const { root } = environment;
  const gateway = await inspectIfThere(supervisorOf(environment));
  const recorded = listChanges(root).findLast(({ facts }) => facts.place)?.facts.place;
  const own = { args: [], env: process.env as Record<string, string> };
  const place = gateway ? findStatePlace(gateway.launch) : (recorded ?? findStatePlace(own));
  const env = { OPENCLAW_STATE_DIR: place.directory, OPENCLAW_CONFIG_PATH: configPath(place) };
  const launch = { args: [], env: { ...own.env, ...gateway?.launch.env, ...env } };
  const facts = { from: currentRelease(root), to: previousRelease(root), previous: null, place };
  const isThere = await hasOwnPlugin(launch, root.plugin, await sqliteNodeOf(root, { facts }));
  return isThere ? env : null;
}

/**
 * Uninstalls our plugin. OpenClaw before 2026.9 does not start while its configuration names a plugin that is missing.
 * @throws ReleasesError `write_failed`
 */
export async function uninstallOwnPlugin(root: Root, named: Launch['env']): Promise<void> {
  await askOpenClaw(root, named, ['plugins', 'uninstall', OWN_PLUGIN, '--force']);
  const launch = { args: [], env: { ...(process.env as Launch['env']), ...named } };
  if (hasOwnEntry(launch))
    await askOpenClaw(root, named, ['config', 'unset', `plugins.entries.${OWN_PLUGIN}`]);
}

async function askOpenClaw(root: Root, named: Launch['env'], words: string[]): Promise<void> {
  const launcher = `${root.bin}/openclaw`;
  const env = { ...process.env, ...named };
  const { ok, how } = await exec(launcher, words, { env, timeoutMs: PLUGIN_LIMIT_MS });
  if (ok) return;
  const variables = Object.entries(named).map(([name, value]) => `${name}=${shellWord(value)}`);
  throw new ReleasesError('write_failed', `The plugin could not be uninstalled (${how}).`, {
    hint: `${[...variables, shellWord(launcher), ...words].join(' ')}; then openclaw-releases uninstall`,
  });
}
