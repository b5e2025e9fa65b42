import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../../core/record.js';
import { type Holder, holdersOf } from '../../host/open-files.js';
import { waitUntil } from '../../host/wait.js';
import { configPath, type RootPlace } from '../place.js';
import type { Restore } from '../restore-records.js';
import { KEPT } from '../snapshot-layout.js';
import type { Snapshot, SnapshotScope } from '../snapshots.js';
import { stuckTest, whyClosed } from '../stuck.js';
import { areSame, versionsOnDisk } from '../versions-on-disk.js';
import { findDatabases, leftOf, walkState } from '../walk.js';
import { whyNotIntact } from './verify.js';

export type Decision =
  | { move: false; why: string }
  /** `left` stays in the state directory, as `leftOf` returns it. */
  | { move: true; scope: SnapshotScope; left: string[] };

/** Time for a stopping gateway to close its databases. */
const LET_GO_MS = 5_000;

/**
 * Checks everything that a restore needs.
 * @throws Error with one sentence when it is impossible; nothing was moved
 */
export function decide(root: RootPlace, restore: Restore): Decision {
  const { place, aside } = restore;
  const from = join(root.states, restore.from);
  if (!lstatSync(from, { throwIfNoEntry: false })) {
    return { move: false, why: `${from} is not there, so the state stays as it is.` };
  }
  const found = readRecord<Snapshot>(join(from, KEPT.record), 'kept-state');
  if (found.state !== 'ok') {
    const why = found.state === 'missing' ? 'is not there' : found.why;
    throw new Error(`${join(from, KEPT.record)} ${why}, so it is not known what was kept there.`);
  }
  const kept = found.value;
  const { scope = 'all' } = kept;
  const left = [...new Set([...leftOf(place, root), ...(kept.left ?? [])])].sort();
  if (restore.onlyIfChanged) {
    const now = versionsOnDisk(place, place.directory, configPath(place), left);
    // A copy of only the configuration has no databases.
    if (areSame(kept.versions, scope === 'config' && now ? { ...now, databases: {} } : now)) {
      return { move: false, why: `The state still has the versions that ${restore.release} left it with.` };
    }
  }
  const why = kept.kind === 'snapshot' ? whyNotIntact(from) : null;
  if (why !== null) throw new Error(why);
  const name = join(root.states, aside.name);
  // An attempt that was undone may have left it.
  if (!restore.failed && lstatSync(name, { throwIfNoEntry: false }))
    throw new Error(`${name} is there already.`);
  const stuck = whyStuck(restore, left);
  if (stuck !== null) throw new Error(stuck);
  return { move: true, scope, left };
}

function whyStuck({ place }: Restore, left: readonly string[]): string | null {
  const closed = whyClosed(place);
  if (closed !== null) return closed;
  const test = stuckTest(place);
  for (const found of walkState(place.directory, left)) {
    const why = found.scope === 'state' ? test(found) : null;
    if (why !== null) return why;
  }
  return null;
}

/**
 * Waits at most 5 s until no process has a database of this state open.
 * @returns a sentence for each remaining process: its writes go to the displaced state
 */
export async function waitForHolders({ place }: Restore, left: readonly string[]): Promise<string[]> {
  const databases = findDatabases(place.directory, left).map((path) => join(place.directory, path));
  let held: (Holder & { database: string })[] = [];
  await waitUntil({ withinMs: LET_GO_MS }, () => {
    held = databases.flatMap((database) => holdersOf(database).map((holder) => ({ database, ...holder })));
    return held.length === 0;
  });
  return held.map(stillHeld);
}

function stillHeld({ database, pid, command }: Holder & { database: string }): string {
  return `Process ${pid} (${command}) still had ${database} open; what it writes goes to the displaced state.`;
}
