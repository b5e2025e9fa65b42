import { toErrorRecord } from '../errors.js';
import { startedAt } from '../host/process.js';
import { lookOf } from '../state/look.js';
import { findStatePlace, type StatePlace } from '../state/place.js';
import { readStateVersions, type StateVersions } from '../state/versions.js';
import type { Root } from '../store/root.js';
import { currentRelease, previousRelease } from '../store/switch.js';
import type { Inspection } from '../supervisor/supervisor.js';
import { keptInstead, readsVersions } from './readable.js';
import { keepVersions, recallVersions } from './readable-record.js';
import { runningRelease } from './running.js';
import { sqliteNodeOf } from './steps/snapshot.js';

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
): Promise<Map<string, Readable>> {
  if (gateway === null) return new Map(ids.map((id) => [id, unknown('no gateway is known here')]));
  const running = runningRelease(root, gateway);
  const today = await lookAtVersions(root, gateway);
  return new Map(
    ids.map((id) => {
      if (id === running) return [id, RUNNING];
      return [id, typeof today === 'string' ? unknown(today) : readableOn(root, id, today)];
    }),
  );
}

const RUNNING: Readable = { reads: 'yes', why: 'it runs on it' };
const unknown = (why: string): Readable => ({ reads: 'unknown', why });

/** The same of one release and a state of these versions. */
export function readableOn(root: Root, id: string, today: StateVersions): Readable {
  const found = readsVersions(root, id, today);
  if (found.reads !== 'no') return { reads: found.reads, why: found.why };
  return { reads: keptInstead(root, id, found) === null ? 'no' : 'with-snapshot', why: found.why };
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
  const versions = await readStateVersions(place, await nodeFor(root, gateway, place));
  if (hasSettled(gateway)) keepVersions(root, lookOf(place, versions, gateway.instance), versions);
  return versions;
}

function hasSettled({ pid }: Inspection): boolean {
  const since = pid === null ? null : startedAt(pid);
  return since === null || Date.now() - Date.parse(since) > SETTLED_MS;
}

/** A Node that reads databases, for this gateway's state: of what runs, or is to run, or did. */
export function nodeFor(root: Root, gateway: Inspection, place: StatePlace): Promise<string> {
  const from = runningRelease(root, gateway) ?? currentRelease(root);
  return sqliteNodeOf(root, { facts: { from, to: previousRelease(root), previous: null, place } });
}
