import { keptOf } from '../state/kept.js';
import type { StatePlace } from '../state/place.js';
import { readStateVersions, type StateVersions, sameVersions } from '../state/versions.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { compareVersions } from '../version.js';
import { listChanges } from './ledger.js';
import { sqliteNodeOf } from './steps/snapshot.js';

/** Whether a release can read a state, and why not. */
export type Reads = { reads: 'yes' } | { reads: 'no' | 'unknown'; why: string };

export async function readsToday(
  root: Root,
  place: StatePlace,
  id: string,
  from: string | null,
): Promise<Reads> {
  const node = await sqliteNodeOf(root, { facts: { from, to: id, previous: null, place } });
  return compare(root, id, await readStateVersions(place, node));
}

function compare(root: Root, id: string, today: StateVersions): Reads {
  const then = versionsOf(root, id);
  if (then === null) return { reads: 'unknown', why: 'it has not run here' };
  if (sameVersions(then, today)) return { reads: 'yes' };
  const gone = Object.keys(then.databases).find((path) => !(path in today.databases));
  if (gone) return { reads: 'no', why: `its database ${gone} is not there any more` };
  const version = findManifest(root, id)?.version;
  if (
    version &&
    today.config !== null &&
    today.config !== then.config &&
    compareVersions(today.config, version) > 0
  )
    return { reads: 'no', why: `${today.config} has written the configuration` };
  const raised = Object.entries(today.databases).find(([path, now]) => now > (then.databases[path] ?? now));
  if (raised)
    return {
      reads: 'no',
      why: `${raised[0]} has version ${raised[1]}, and had ${then.databases[raised[0]]}`,
    };
  return { reads: 'yes' };
}

/** The versions that the state had when the release last ran on it. */
function versionsOf(root: Root, id: string): StateVersions | null {
  const kept = keptOf(root, id);
  const last = listChanges(root).findLast(({ facts }) => facts.to === id && facts.versionsAfter);
  const left = listChanges(root).findLast(({ facts }) => facts.from === id && facts.snapshot?.versions);
  return kept?.versions ?? left?.facts.snapshot?.versions ?? last?.facts.versionsAfter ?? null;
}
