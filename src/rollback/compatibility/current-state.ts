import { toErrorRecord } from '../../core/errors.js';
import { startedAt } from '../../host/process.js';
import { releaseOfProcess, runningRelease } from '../../ledger/running-release.js';
import { lookOf } from '../../state/fingerprint.js';
import { findStatePlace, type StatePlace } from '../../state/place.js';
import type { StateVersions } from '../../state/versions.js';
import type { Root } from '../../store/root.js';
import type { Inspection, Supervisor } from '../../supervisor/supervisor.js';
import { keepVersions, recallVersions } from './cache.js';

/** What those have to know of a gateway who only look. */
export interface Today {
  /** The release of this root that runs, or null. */
  running: string | null;
  /** Of the state; a sentence where they cannot be read: who only looks is told so, and sees the rest. */
  versions: StateVersions | string;
}

/** Until a gateway has run for so long, it may still be migrating; milliseconds. */
const SETTLED_MS = 120_000;

/** Starts no process while the state looks as it did the last time. Null without a gateway. */
export async function todayOf(root: Root, gateway: Inspection | null): Promise<Today | null> {
  if (gateway === null) return null;
  return { running: runningRelease(root, gateway), versions: await lookAtVersions(root, gateway) };
}

/**
 * The same without asking the supervisor, or null where it has to be asked. The arguments of the gateway, which can name
 * another state, are not seen; but they were known when this very start of it was looked at last, and when what is found
 * without them looks the same, they name no other.
 */
export function todayAtGlance(root: Root, supervisor: Supervisor): Today | null {
  try {
    const seen = supervisor.glance();
    const running = seen && releaseOfProcess(root, seen.pid);
    if (seen === null || running === null) return null;
    const versions = recallFor(root, findStatePlace(seen), seen.instance);
    return versions && { running, versions };
  } catch {
    // Whoever asks is told why, if it fails there, too.
    return null;
  }
}

async function lookAtVersions(root: Root, gateway: Inspection): Promise<StateVersions | string> {
  try {
    return await versionsToday(root, gateway);
  } catch (error) {
    return toErrorRecord(error).message;
  }
}

async function versionsToday(root: Root, gateway: Inspection): Promise<StateVersions> {
  const place = findStatePlace(gateway.launch);
  const recalled = recallFor(root, place, gateway.instance);
  if (recalled) return recalled;
  // Loaded only now: most of the time the state looks as it did the last time.
  const [{ readStateVersions }, { nodeFor }] = await Promise.all([
    import('../../state/versions.js'),
    import('./sqlite-node.js'),
  ]);
  const versions = await readStateVersions(place, await nodeFor(root, gateway, place));
  if (hasSettled(gateway)) keepVersions(root, lookOf(place, versions, gateway.instance), versions);
  return versions;
}

/** What was read last, if the state still looks as it did then. */
function recallFor(root: Root, place: StatePlace, instance: string | null): StateVersions | null {
  const before = recallVersions(root);
  return before?.look === lookOf(place, before?.versions ?? null, instance) ? before.versions : null;
}

function hasSettled({ pid }: Inspection): boolean {
  const since = pid === null ? null : startedAt(pid);
  return since === null || Date.now() - Date.parse(since) > SETTLED_MS;
}
