import { lstatSync } from 'node:fs';
import { runningRelease } from '../ledger/running-release.js';
import { currentRelease, pointCurrent, previousRelease } from '../store/links.js';
import { findManifest } from '../store/manifest.js';
import type { Repair } from '../store/repair.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { knownGoodReleases } from './known-good.js';

/**
 * Points `current` to a release again: the running one, else `previous`, else the last known-good one. Leaves a root
 * alone in which nothing was ever current.
 * @param wasMoved true when something other than a link stood at `current` and was moved away
 */
export async function restoreCurrent(
  root: Root,
  supervisor: Supervisor,
  wasMoved: boolean,
): Promise<Repair | null> {
  const isRelease = (id: string | null): id is string => id !== null && findManifest(root, id) !== null;
  if (isRelease(currentRelease(root))) return null;
  const dangles = lstatSync(root.current, { throwIfNoEntry: false }) !== undefined;
  const running = await runningIfKnown(root, supervisor);
  if (!dangles && !wasMoved && running === null) return null;
  const [id] = [running, previousRelease(root), ...knownGoodReleases(root)].filter(isRelease);
  if (id === undefined) return null;
  pointCurrent(root, id);
  const instead = `It names ${id} now, ${id === running ? 'which runs' : 'which was well here'}.`;
  return { path: root.current, why: 'named no release', movedTo: null, instead };
}

async function runningIfKnown(root: Root, supervisor: Supervisor): Promise<string | null> {
  try {
    return runningRelease(root, await supervisor.inspect());
  } catch {
    return null;
  }
}
