import { processIds } from '../host/process.js';
import { listChanges, stepOf, unfinishedChanges } from '../ledger/ledger.js';
import { releaseOfProcess } from '../ledger/running-release.js';
import { releasesLinkedByPlugins } from '../openclaw/plugin-links.js';
import { currentRelease, previousRelease, readTrial } from '../store/links.js';
import { readPolicy } from '../store/policy.js';
import type { Root } from '../store/root.js';

/** Every release that something needs, and what: the facts that collection goes by. */
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
    // One that is proven is never undone: what it came from is `previous` by now.
    const back = stepOf(change, 'commit')?.state === 'done' ? [] : [facts.from, facts.previous];
    for (const named of [facts.to, ...back]) need(named, `named by the unfinished change ${id}`);
  }
  // Where the state is, as the gateway was started when it was last changed.
  const place = listChanges(root).findLast(({ facts }) => facts.place)?.facts.place;
  for (const [id, plugin] of place ? releasesLinkedByPlugins(place.directory, root.releases) : [])
    need(id, `linked by the plugin ${plugin}`);
  // Any process, not just the supervised one: a shell tool started from an old release still imports from it.
  for (const pid of processIds()) need(releaseOfProcess(root, pid), `runs as process ${pid}`);
  return needed;
}
