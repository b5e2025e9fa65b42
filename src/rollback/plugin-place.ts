import type { Change } from '../ledger/ledger.js';
import type { PluginPlace } from '../openclaw/plugin.js';
import { configPath, type StatePlace } from '../state/place.js';
import type { Root } from '../store/root.js';
import { sqliteNodeOf } from './compatibility/sqlite-node.js';

export async function pluginPlaceOf(
  { root, change }: { root: Root; change: Pick<Change, 'facts'> },
  place: StatePlace,
): Promise<PluginPlace> {
  const node = await sqliteNodeOf(root, change).catch(() => null);
  return { state: place.directory, config: configPath(place), node };
}
