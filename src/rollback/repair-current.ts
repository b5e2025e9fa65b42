import { lstatSync } from 'node:fs';
import { runningRelease } from '../ledger/running-release.js';
import { currentRelease, pointCurrent, previousRelease } from '../store/links.js';
import { findManifest } from '../store/manifest.js';
import type { Repair } from '../store/repair.js';
import type { Root } from '../store/root.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { knownGoodReleases } from './known-good.js';

/**
 * Makes `current` name a release again where it names none: the one that runs, else the one from before, else the last
 * that was well. A root in which nothing was ever current is left so.
 * @param wasMoved what stood in its place was no link and has been moved aside
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
