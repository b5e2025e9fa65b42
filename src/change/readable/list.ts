import { toErrorRecord } from '../../errors.js';
import { startedAt } from '../../host/process.js';
import { lookOf } from '../../state/look.js';
import { findStatePlace } from '../../state/place.js';
import type { StateVersions } from '../../state/versions.js';
import type { Root } from '../../store/root.js';
import type { Inspection } from '../../supervisor/supervisor.js';
import type { PastChange } from '../ended.js';
import { runningRelease } from '../running.js';
import { keepVersions, recallVersions } from './record.js';
import { keptInstead, readPast, readsVersions } from './rules.js';

/** Whether a release can be started on today's state. */
export interface Readable {
  /** `with-snapshot`: not on today's; a state that it reads is kept, and would be put back. */
  reads: 'yes' | 'with-snapshot' | 'no' | 'unknown';
  /** How that is known, or why not; a clause. */
  why: string;
}

/** Until a gateway has run for so long, it may still be migrating; milliseconds. */
const SETTLED_MS = 120_000;

/**
 * For each of these releases whether it can read the state as it is. Tries nothing: what is not known by rule and was
 * not found out before is `unknown`. Starts no process while the state looks as it did the last time.
 */
export async function readableReleases(
  root: Root,
  gateway: Inspection | null,
  ids: readonly string[],
  changes?: readonly PastChange[],
): Promise<Map<string, Readable>> {
  if (gateway === null) return new Map(ids.map((id) => [id, unknown('no gateway is known here')]));
  const running = runningRelease(root, gateway);
  const today = await lookAtVersions(root, gateway);
  const past = readPast(root, changes);
  return new Map(
    ids.map((id) => {
      if (id === running) return [id, RUNNING];
      return [id, typeof today === 'string' ? unknown(today) : readableOn(root, id, today, past)];
    }),
  );
}

const RUNNING: Readable = { reads: 'yes', why: 'it runs on it' };
const unknown = (why: string): Readable => ({ reads: 'unknown', why });

/** The same of one release and a state of these versions. */
export function readableOn(root: Root, id: string, today: StateVersions, past = readPast(root)): Readable {
  const found = readsVersions(root, id, today, past);
  if (found.reads !== 'no') return { reads: found.reads, why: found.why };
  return { reads: keptInstead(past, id, found) === null ? 'no' : 'with-snapshot', why: found.why };
}

/** A sentence where they cannot be read: who only looks is told so, and sees the rest. */
async function lookAtVersions(root: Root, gateway: Inspection): Promise<StateVersions | string> {
  try {
    return await versionsToday(root, gateway);
  } catch (error) {
    return toErrorRecord(error).message;
  }
}

async function versionsToday(root: Root, gateway: Inspection): Promise<StateVersions> {
  const place = findStatePlace(gateway.launch);
  const before = recallVersions(root);
  const look = lookOf(place, before?.versions ?? null, gateway.instance);
  if (before?.look === look) return before.versions;
  // Loaded only now: most of the time the state looks as it did the last time.
  const [{ readStateVersions }, { nodeFor }] = await Promise.all([
    import('../../state/versions.js'),
    import('./node.js'),
  ]);
  const versions = await readStateVersions(place, await nodeFor(root, gateway, place));
  if (hasSettled(gateway)) keepVersions(root, lookOf(place, versions, gateway.instance), versions);
  return versions;
}

function hasSettled({ pid }: Inspection): boolean {
  const since = pid === null ? null : startedAt(pid);
  return since === null || Date.now() - Date.parse(since) > SETTLED_MS;
}
