import { isDeepStrictEqual } from 'node:util';
import { valid } from 'semver';
import { compareVersions } from '../../core/version.js';
import { type PastChange, pastOf } from '../../ledger/history-index.js';
import { listChanges } from '../../ledger/ledger.js';
import { type KeptState, listKept } from '../../state/snapshots.js';
import type { StateVersions } from '../../state/versions.js';
import { findManifest } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';
import { type ReadableRecord, readReadable, recallReads } from './cache.js';

/** Whether a release can read a state, and why not. */
export type Reads =
  | { reads: 'yes' | 'unknown'; why: string }
  /** `databases`: it is not only the configuration. */
  | { reads: 'no'; why: string; databases: boolean };

/** What happened here, as far as it tells which release reads which state; read and sorted once for all of them. */
export interface Past {
  /** Oldest first. */
  changes: readonly PastChange[];
  /** The versions that the state had when a release last ran on it, of those whose changes tell. */
  left: ReadonlyMap<string, StateVersions>;
  /** Those with which a release was well here, once it had been started on them, and not on a state that was put back. */
  startedOn: ReadonlyMap<string, StateVersions[]>;
  kept: readonly KeptState[];
  /** What was found out on copies. */
  record: ReadableRecord;
}

/** @param changes from whoever has looked at the ledger; read unless given */
export function readPast(root: Root, changes: readonly PastChange[] = listChanges(root).map(pastOf)): Past {
  const left = new Map<string, StateVersions>();
  const startedOn = new Map<string, StateVersions[]>();
  for (const { from, to, restores, status, before, after } of changes) {
    if (to !== null && after) left.set(to, after);
    if (from !== null && before) left.set(from, before);
    if (to === null || restores || !before || status !== 'package_updated_restart_verified') continue;
    const others = startedOn.get(to);
    if (others) others.push(before);
    else startedOn.set(to, [before]);
  }
  return { changes, left, startedOn, kept: listKept(root), record: readReadable(root) };
}

/**
 * Whether a release can read a state of these versions: by what the release had before it when it last ran here, and where it never
 * did, by what was found out on a copy.
 */
export function readsVersions(root: Root, id: string, today: StateVersions, past = readPast(root)): Reads {
  const compared = compare(root, id, today, past);
  return compared.reads === 'unknown' ? (recallReads(past.record, id, today) ?? compared) : compared;
}

/** What is kept of a release that cannot read today's state, as far as it would help; null where nothing would. */
export function keptInstead(past: Past, id: string, reads: Reads & { reads: 'no' }): KeptState | null {
  const kept = past.kept.findLast((one) => one.release === id && !isOfFailure(past, one)) ?? null;
  return kept?.scope === 'config' && reads.databases ? null : kept;
}

function compare(root: Root, id: string, today: StateVersions, past: Past): Reads {
  const then = versionsOf(past, id);
  if (then === null) return { reads: 'unknown', why: 'it has not run here' };
  if (past.startedOn.get(id)?.some((before) => isDeepStrictEqual(before, today)))
    return { reads: 'yes', why: 'it was started on such a state here' };
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

/** What a release had made of the state when it failed here is none that anybody returns to. */
function isOfFailure({ changes }: Past, { kind, release, change }: KeptState): boolean {
  if (kind !== 'displaced') return false;
  const made = changes.find(({ id }) => id === change);
  return made?.to === release && made.kind !== 'rollback';
}

/** The versions that the state had when the release last ran on it. */
export function versionsOf({ left, kept }: Past, id: string): StateVersions | null {
  return left.get(id) ?? kept.findLast(({ release }) => release === id)?.versions ?? null;
}
