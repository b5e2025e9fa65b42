import { sqliteNodeOf } from '../../change/steps/snapshot.js';
import { runningRelease } from '../../ledger/running-release.js';
import type { StatePlace } from '../../state/place.js';
import { currentRelease, previousRelease } from '../../store/links.js';
import type { Root } from '../../store/root.js';
import type { Inspection } from '../../supervisor/supervisor.js';

/** A Node that reads databases, for this gateway's state: of what runs, or is to run, or did. */
export function nodeFor(root: Root, gateway: Inspection, place: StatePlace): Promise<string> {
  const from = runningRelease(root, gateway) ?? currentRelease(root);
  return sqliteNodeOf(root, { facts: { from, to: previousRelease(root), previous: null, place } });
}
