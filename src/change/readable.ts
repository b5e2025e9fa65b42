import { isDeepStrictEqual } from 'node:util';
import { valid } from 'semver';
import { type KeptState, keptOf, listKept } from '../state/kept.js';
import { configPath, type StatePlace } from '../state/place.js';
import { readStateVersions, type StateVersions } from '../state/versions.js';
import { versionsOnDisk } from '../state/versions-on-disk.js';
import { leftOf } from '../state/walk.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { compareVersions } from '../version.js';
import type { Facts } from './facts.js';
import { listChanges } from './ledger.js';
import { recallReads } from './readable-record.js';
import { sqliteNodeOf } from './steps/snapshot.js';

/** Whether a release can read a state, and why not. */
export type Reads =
  | { reads: 'yes' | 'unknown'; why: string }
  /** `databases`: it is not only the configuration. */
  | { reads: 'no'; why: string; databases: boolean };

export async function readsToday(
  root: Root,
  place: StatePlace,
  id: string,
  from: string | null,
): Promise<Reads> {
  const today = await versionsToday(root, place, { from, to: id, previous: null, place });
  return today === null
    ? { reads: 'unknown', why: 'its databases do not tell' }
    : readsVersions(root, id, today);
}

/**
 * The versions of the state as it is, or null. A gateway that is wedged may keep its databases locked for ever, and
 * that is when one wants to go back: then their files tell, without SQLite.
 */
export async function versionsToday(
  root: Root,
  place: StatePlace,
  facts: Facts,
): Promise<StateVersions | null> {
  try {
    return await readStateVersions(place, await sqliteNodeOf(root, { facts }));
  } catch {
    return versionsOnDisk(place, place.directory, configPath(place), leftOf(place, root));
  }
}

/**
 * The same of a state of these versions: by what the release had before it when it last ran here, and where it never
 * did, by what was found out on a copy.
 */
export function readsVersions(root: Root, id: string, today: StateVersions): Reads {
  const compared = compare(root, id, today);
  return compared.reads === 'unknown' ? (recallReads(root, id, today) ?? compared) : compared;
}

/** What is kept of a release that cannot read today's state, as far as it would help; null where nothing would. */
export function keptInstead(root: Root, id: string, reads: Reads & { reads: 'no' }): KeptState | null {
  const kept = listKept(root).findLast((one) => one.release === id && !isOfFailure(root, one)) ?? null;
  return kept?.scope === 'config' && reads.databases ? null : kept;
}

function compare(root: Root, id: string, today: StateVersions): Reads {
  const then = versionsOf(root, id);
  if (then === null) return { reads: 'unknown', why: 'it has not run here' };
  if (wasStartedOn(root, id, today)) return { reads: 'yes', why: 'it was started on such a state here' };
  const gone = Object.keys(then.databases).find((path) => !(path in today.databases));
  if (gone) return { reads: 'no', why: `its database ${gone} is not there any more`, databases: true };
  const raised = Object.entries(then.databases).find(([path, before]) => today.databases[path] !== before);
  if (raised) {
    const why = `${raised[0]} has version ${today.databases[raised[0]]}, and had ${raised[1]}`;
    return { reads: 'no', why, databases: true };
  }
  const version = findManifest(root, id)?.version ?? id;
  if (today.config !== then.config && wasWrittenByNewer(today, version)) {
    return { reads: 'no', why: `${today.config} has written the configuration`, databases: false };
  }
  return { reads: 'yes', why: 'its databases have the versions that it left them with' };
}

/** Whether a newer release has written the configuration; what is no version there tells nothing. */
export function wasWrittenByNewer({ config }: StateVersions, version: string): boolean {
  return config !== null && valid(config) !== null && compareVersions(config, version) > 0;
}

/** Whether it was well here, once it had been started on a state of these versions, and not on one that was put back. */
function wasStartedOn(root: Root, id: string, today: StateVersions): boolean {
  return listChanges(root).some(
    ({ facts, status }) =>
      facts.to === id &&
      !facts.restore &&
      status === 'package_updated_restart_verified' &&
      isDeepStrictEqual(facts.versionsBefore, today),
  );
}

/** What a release had made of the state when it failed here is none that anybody returns to. */
function isOfFailure(root: Root, { kind, release, change }: KeptState): boolean {
  if (kind !== 'set-aside') return false;
  const made = listChanges(root).find(({ id }) => id === change);
  return made?.facts.to === release && made.plan.kind !== 'rollback';
}

/** The versions that the state had when the release last ran on it. */
export function versionsOf(root: Root, id: string): StateVersions | null {
  for (const { facts } of listChanges(root).toReversed()) {
    if (facts.from === id && facts.versionsBefore) return facts.versionsBefore;
    if (facts.to === id && facts.versionsAfter) return facts.versionsAfter;
  }
  return keptOf(root, id)?.versions ?? null;
}
