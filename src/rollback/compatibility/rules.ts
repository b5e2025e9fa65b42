import { isDeepStrictEqual } from 'node:util';
import { valid } from 'semver';
import { compareVersions } from '../../core/version.js';
import { type Change, listChanges } from '../../ledger/ledger.js';
import { listSnapshots, type Snapshot } from '../../state/snapshots.js';
import type { StateVersions } from '../../state/versions.js';
import { findManifest } from '../../store/manifest.js';
import type { Root } from '../../store/root.js';

export type Reads =
  | { reads: 'yes' | 'unknown'; why: string }
  /** `databases`: false when only the configuration is incompatible. */
  | { reads: 'no'; why: string; databases: boolean };

export interface Past {
  /** Oldest first. */
  changes: readonly Change[];
  /** By release, as it last left the state. */
  left: ReadonlyMap<string, StateVersions>;
  /** Versions on which a release was started and verified, except after a restore. */
  startedOn: ReadonlyMap<string, StateVersions[]>;
  kept: readonly Snapshot[];
}

/** @param changes the ledger's, where the caller has read it already */
export function readPast(root: Root, changes: readonly Change[] = listChanges(root)): Past {
  const left = new Map<string, StateVersions>();
  const startedOn = new Map<string, StateVersions[]>();
  for (const { facts, status } of changes) {
    const { from, to, restore, versionsBefore: before, versionsAfter: after } = facts;
    if (to !== null && after) left.set(to, after);
    if (from !== null && before) left.set(from, before);
    if (to === null || restore || !before || status !== 'package_updated_restart_verified') continue;
    const others = startedOn.get(to);
    if (others) others.push(before);
    else startedOn.set(to, [before]);
  }
  return { changes, left, startedOn, kept: listSnapshots(root) };
}

export function keptInstead(past: Past, id: string, reads: Reads & { reads: 'no' }): Snapshot | null {
  const kept = past.kept.findLast((one) => one.release === id && !isOfFailure(past, one)) ?? null;
  return kept?.scope === 'config' && reads.databases ? null : kept;
}

/**
 * Decides by the versions that the release left when it last ran here, and by those that it was started on.
 * @param mayMigrate true where today's state is copied before, so that the release may migrate it as at an update
 */
export function readsVersions(
  root: Root,
  id: string,
  today: StateVersions,
  past = readPast(root),
  mayMigrate = false,
): Reads {
  const then = versionsOf(past, id);
  if (then === null) return { reads: 'unknown', why: 'it has not run here' };
  const starts = past.startedOn.get(id) ?? [];
  if (mayMigrate && starts.some((before) => isDeepStrictEqual(before, today)))
    return { reads: 'yes', why: 'it was started on such a state here' };
  const opened = Object.entries(then.databases).filter(([path]) => !isBackup(path));
  const version = findManifest(root, id)?.version ?? id;
  const isOfNewer = wasWrittenByNewer(today, version);
  // Evidence is a start on other versions than the release left: today's state is one from before that start.
  const wasWithout = (path: string) =>
    starts.some(
      ({ databases }) =>
        !(path in databases) && isIn(databases, today.databases) && !isIn(databases, then.databases),
    );
  const gone = opened.find(([path]) => !(path in today.databases) && !(mayMigrate && wasWithout(path)))?.[0];
  if (gone) return { reads: 'no', why: `its database ${gone} is not there any more`, databases: true };
  const other = opened.find(([path, before]) => {
    const now = today.databases[path] ?? before;
    // A release migrates an older one, and the release before cannot go back where no copy of it is kept.
    if (now < before) return !mayMigrate || isOfNewer;
    return now > before && !starts.some(({ databases }) => databases[path] === now);
  });
  if (other) {
    const why = `${other[0]} has version ${today.databases[other[0]]}, and had ${other[1]}`;
    return { reads: 'no', why, databases: true };
  }
  const isConfigKnown = [then, ...starts].some(({ config }) => config === today.config);
  if (!isConfigKnown && isOfNewer) {
    return { reads: 'no', why: `${today.config} has written the configuration`, databases: false };
  }
  return {
    reads: 'yes',
    why: 'it left its databases with these versions, or was started on them here',
  };
}

/** Returns true where all of these databases are among those, with the same versions. */
function isIn(these: StateVersions['databases'], those: StateVersions['databases']): boolean {
  return Object.entries(these).every(([path, version]) => isBackup(path) || those[path] === version);
}

/** OpenClaw 2026.9 leaves `openclaw.sqlite.pre-startup-migration-<uuid>.bak`, and may remove it: no release opens it. */
const isBackup = (path: string) => path.endsWith('.bak');

/** Returns false also when the configuration names no valid version. */
export function wasWrittenByNewer({ config }: StateVersions, version: string): boolean {
  return config !== null && valid(config) !== null && compareVersions(config, version) > 0;
}

/** A displaced state that a failed release produced is never restored. */
function isOfFailure({ changes }: Past, { kind, release, change }: Snapshot): boolean {
  if (kind !== 'displaced') return false;
  const made = changes.find(({ id }) => id === change);
  return made?.facts.to === release && made.plan.kind !== 'rollback';
}

/** A failed start may stop in the middle of a migration, so its state does not show what the release needs. */
export function versionsOf(past: Past, id: string): StateVersions | null {
  const kept = past.kept.findLast((one) => one.release === id && !isOfFailure(past, one));
  return past.left.get(id) ?? kept?.versions ?? null;
}
