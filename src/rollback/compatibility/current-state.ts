import { join } from 'node:path';
import { toErrorRecord } from '../../core/errors.js';
import { readRecord, recordText } from '../../core/record.js';
import { startedAt } from '../../host/process-age.js';
import { releaseOfProcess, runningRelease } from '../../ledger/running-release.js';
import { lookOf } from '../../state/fingerprint.js';
import { findStatePlace, type StatePlace } from '../../state/place.js';
import type { StateVersions } from '../../state/versions.js';
import { writeCache } from '../../store/cache.js';
import type { Root } from '../../store/root.js';
import type { Inspection, Supervisor } from '../../supervisor/supervisor.js';

/** `compatibility.json`, a cache of what SQLite told of the state; a lost or corrupt one is made again. */
export interface CompatibilityRecord {
  schema: 1;
  /** Fingerprint of the state when `today` was read; see `lookOf`. */
  look: string;
  today: StateVersions;
}

export interface Today {
  running: string | null;
  /** Versions of the state, or the error as a sentence, so that a read-only command can show the rest. */
  versions: StateVersions | string;
}

/** Milliseconds; a gateway that started more recently may still be migrating. */
const SETTLED_MS = 120_000;

/** Starts no process while the fingerprint of the state is unchanged. Returns null without a gateway. */
export async function todayOf(root: Root, gateway: Inspection | null): Promise<Today | null> {
  if (gateway === null) return null;
  return { running: runningRelease(root, gateway), versions: await lookAtVersions(root, gateway) };
}

/**
 * Reads without a call to the supervisor; returns null where that call is needed. The gateway's arguments, which can
 * name another state, are not read here. The cached fingerprint includes this start of the gateway, so an equal one
 * proves that they name no other state.
 */
export function todayAtGlance(root: Root, supervisor: Supervisor): Today | null {
  try {
    const seen = supervisor.peek();
    const running = seen && releaseOfProcess(root, seen.pid);
    if (seen === null || running === null) return null;
    const versions = recallFor(root, findStatePlace(seen), seen.instance);
    return versions && { running, versions };
  } catch {
    // The full check, which the caller makes next, reports the error.
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
  // Loaded late: the state is usually unchanged.
  const [{ readStateVersions }, { nodeFor }] = await Promise.all([
    import('../../state/versions.js'),
    import('./sqlite-node.js'),
  ]);
  const versions = await readStateVersions(place, await nodeFor(root, gateway, place));
  if (hasSettled(gateway)) cacheVersions(root, lookOf(place, versions, gateway.instance), versions);
  return versions;
}

function recallFor(root: Root, place: StatePlace, instance: string | null): StateVersions | null {
  const before = readCachedVersions(root);
  return before?.look === lookOf(place, before?.versions ?? null, instance) ? before.versions : null;
}

function hasSettled({ pid }: Inspection): boolean {
  const since = pid === null ? null : startedAt(pid);
  return since === null || Date.now() - Date.parse(since) > SETTLED_MS;
}

export function readCachedVersions(root: Root): { look: string; versions: StateVersions } | null {
  const found = readRecord<CompatibilityRecord>(pathOf(root), 'compatibility');
  return found.state === 'ok' ? { look: found.value.look, versions: found.value.today } : null;
}

/** Two writers may race: the last one wins, and the other reads the state again later. */
export function cacheVersions(root: Root, look: string, today: StateVersions): void {
  const record: CompatibilityRecord = { schema: 1, look, today };
  writeCache(pathOf(root), recordText(record));
}

function pathOf(root: Root): string {
  return join(root.path, 'compatibility.json');
}
