import { existsSync } from 'node:fs';
import { ReleasesError } from '../core/errors.js';
import { isRecord, member } from '../core/json.js';
import { type Launch, placeOf } from '../host/place.js';
import { realPath } from '../host/real-path.js';
import { readConfiguration } from './configuration.js';
import { readIndex } from './plugin-index.js';
import { listPlugins } from './plugins.js';

export const OWN_PLUGIN = 'openclaw-releases';

/**
 * True where the gateway's configuration or list of plugins names ours. A linked plugin has no folder in the state.
 * @param directory of our plugin, in the root
 * @param node a Node with SQLite, where newer releases keep the list
 * @throws ReleasesError `write_failed` when one of the two cannot be read
 */
export async function hasOwnPlugin(launch: Launch, directory: string, node: string): Promise<boolean> {
  const { directory: state, config } = placeOf(launch);
  const configuration = readConfiguration(launch);
  if (configuration === undefined && existsSync(config))
    throw new ReleasesError('write_failed', `${config} cannot be read, so it may name the plugin.`, {
      hint: `ls -l ${config}; openclaw doctor`,
    });
  const plugins = member(configuration, 'plugins');
  const paths = [member(plugins, 'load', 'paths')].flat();
  if (paths.some((path) => typeof path === 'string' && realPath(path) === realPath(directory))) return true;
  if (['entries', 'installs'].some((list) => has(member(plugins, list)))) return true;
  const place = { state, config, node };
  if (has((await readIndex(place)).records)) return true;
  return (await listPlugins(place, null)).some(({ id }) => id === OWN_PLUGIN);
}

/** True where the configuration has an entry for our plugin: newer releases leave one when they uninstall it. */
export const hasOwnEntry = (launch: Launch): boolean =>
  has(member(readConfiguration(launch), 'plugins', 'entries'));

const has = (list: unknown) => isRecord(list) && Object.hasOwn(list, OWN_PLUGIN);
