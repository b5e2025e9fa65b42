import { type Environment, supervisorOf } from '../ledger/environment.js';
import { wholeLaunch } from '../ledger/running-release.js';
import { type Compatibility, readableOn, readableReleases } from '../rollback/compatibility/assess.js';
import { type CompatibilityCheck, checkReads } from '../rollback/compatibility/boot-check.js';
import { cacheVerdict } from '../rollback/compatibility/cache.js';
import { todayOf } from '../rollback/compatibility/current-state.js';
import { nodeFor } from '../rollback/compatibility/sqlite-node.js';
import { findStatePlace } from '../state/place.js';
import { readStateVersions } from '../state/versions.js';
import { listReleases, readManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Inspection } from '../supervisor/supervisor.js';
import { withLock } from './run.js';

/**
 * Tests releases of unknown compatibility on copies of the state, under the lock because the copies are in `staging/`.
 * @throws ReleasesError `supervisor_not_found`, `locked`, `snapshot_refused`, `snapshot_failed`, `insufficient_space`,
 *   `interrupted`
 */
export async function checkReadable(environment: Environment): Promise<Map<string, Compatibility>> {
  const { root, signal } = environment;
  const gateway = await supervisorOf(environment).inspect();
  return withLock(environment, 'list --check', async () => {
    const ids = listReleases(root).releases.map(({ id }) => id);
    const known = readableReleases(root, await todayOf(root, gateway), ids);
    const check = await prepareCheck(root, gateway, signal);
    for (const [id, { reads }] of known) {
      if (reads !== 'unknown') continue;
      const found = await checkReads(check, readManifest(root, id));
      cacheVerdict(root, id, check.today, found);
      known.set(id, readableOn(root, id, check.today));
    }
    return known;
  });
}

async function prepareCheck(
  root: Root,
  gateway: Inspection,
  signal: AbortSignal | undefined,
): Promise<CompatibilityCheck> {
  const place = findStatePlace(gateway.launch);
  const node = await nodeFor(root, gateway, place);
  const today = await readStateVersions(place, node);
  return { root, place, today, node, launch: wholeLaunch(gateway), signal };
}
