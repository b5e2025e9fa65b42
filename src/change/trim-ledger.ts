import { rmSync } from 'node:fs';
import { fsyncDirectory } from '../host/durable.js';
import { faultPoint } from '../host/fault.js';
import { addToHistory, pastLine, tryReadHistory } from '../ledger/history.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { tellsOfRollback } from '../rollback/drills.js';
import { provenBy } from '../rollback/known-good.js';
import { listSnapshots } from '../state/snapshots.js';
import { changeIds, changePath } from '../store/change-files.js';
import { listReleases } from '../store/manifest.js';
import { moveAside } from '../store/move-aside.js';
import type { Root } from '../store/root.js';

/** Records that stay whole, besides older ones that a release or a snapshot needs. */
const NEWEST = 200;

/**
 * Makes one line of each old record, since every command that acts reads them all. The caller holds the lock, and no
 * change of the root is active. Killed between the two writes, the next call removes the records.
 * @throws system errors of a full or failing disk; then the records stay
 */
export function trimLedger(root: Root): void {
  if (changeIds(root).length <= NEWEST) return;
  const changes = listChanges(root);
  const needed = neededRecords(root, changes);
  const old = changes.slice(0, -NEWEST).filter(({ id }) => !needed.has(id));
  const lines = old.flatMap((change) => pastLine(change) ?? []);
  if (lines.length === 0) return;
  const earlier = tryReadHistory(root);
  if (earlier.state === 'corrupt') moveAside(root, root.history, earlier.why);
  addToHistory(root, earlier.state === 'ok' ? earlier.value.changes : [], lines);
  faultPoint('after history');
  for (const { change } of lines) rmSync(changePath(root, change), { force: true });
  fsyncDirectory(root.changes);
}

/** The newest record of each fact that is read from old ones, and those that snapshots name. */
function neededRecords(root: Root, changes: readonly Change[]): Set<string> {
  const here = new Set(listReleases(root).releases.map(({ id }) => id));
  const needed = new Set(listSnapshots(root).map(({ change }) => change));
  const known = new Set<string>();
  for (const change of changes.toReversed()) {
    const facts = factsIn(change, here).filter((fact) => !known.has(fact));
    if (facts.length > 0) needed.add(change.id);
    for (const fact of facts) known.add(fact);
  }
  return needed;
}

/** Facts that other rooms ask old records for: `known-good`, `compatibility/rules`, `rollback/plan`, `rollback/drills`, `gc-roots`. */
function factsIn(change: Change, here: ReadonlySet<string>): string[] {
  const { from, to, versionsBefore, versionsAfter, plugins, place } = change.facts;
  const drilled = tellsOfRollback(change);
  const about = (fact: string, id: string | null) => (id !== null && here.has(id) ? [`${fact} ${id}`] : []);
  return [
    ...provenBy(change).flatMap((id) => about('proven', id)),
    ...(versionsBefore ? about('state', from) : []),
    ...(versionsAfter ? about('state', to) : []),
    ...(plugins ? about('plugins', from) : []),
    ...(place ? ['place'] : []),
    ...(drilled ? about('drill', to) : []),
  ];
}
