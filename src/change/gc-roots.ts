import { processIds } from '../host/process.js';
import { listChanges, stepOf, unfinishedChanges } from '../ledger/ledger.js';
import { releaseOfProcess } from '../ledger/running-release.js';
import { releasesLinkedByPlugins } from '../openclaw/plugin-links.js';
import { currentRelease, previousRelease, readTrial } from '../store/links.js';
import { readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';

/** GC roots: release id to the reason why prune must keep it. */
export function gcRoots(root: Root): Map<string, string> {
  const needed = new Map<string, string>();
  const need = (id: string | null | undefined, reason: string) => {
    if (id && !needed.has(id)) needed.set(id, reason);
  };
  need(currentRelease(root), 'current');
  need(previousRelease(root), 'previous');
  need(readTrial(root)?.id, 'on trial');
  for (const id of readPolicy(root).pins) need(id, 'pinned');
  for (const change of unfinishedChanges(root)) {
    const { id, facts } = change;
    // A committed change is never undone; `previous` already names its old release.
    const back = stepOf(change, 'commit')?.state === 'done' ? [] : [facts.from, facts.previous];
    for (const named of [facts.to, ...back]) need(named, `named by the unfinished change ${id}`);
  }
  // The state directory as of the last change that recorded one.
  const place = listChanges(root).findLast(({ facts }) => facts.place)?.facts.place;
  for (const [id, plugin] of place ? releasesLinkedByPlugins(place.directory, root.releases) : [])
    need(id, `linked by the plugin ${plugin}`);
  // Any process, not only the supervised one: a shell tool from an old release still imports its files.
  for (const pid of processIds()) need(releaseOfProcess(root, pid), `runs as process ${pid}`);
  return needed;
}
