import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Corrupt } from '../core/record.js';
import { type RecordKind, readRecord } from '../core/record.js';
import { comparePiece, type Piece, type TreeDifference } from '../host/listed-tree.js';
import { differenceText, treeOfSnapshot } from '../state/restore/verify.js';
import { readRestore } from '../state/restore-records.js';
import { keptDirectory, type Snapshot, tryReadSnapshot } from '../state/snapshots.js';
import { findCorrupt } from '../store/corrupt.js';
import { findManifest, listReleases, type Manifest, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { linkFault, nodeFault, runtimeDirectoryName, runtimeNode } from '../store/runtimes.js';
import { sharersOf } from '../store/sharers.js';
import { compareRelease } from '../store/tree.js';

export interface PieceFound {
  /** Sentences. */
  damage: string[];
  /** Entries compared so far; null at the end. */
  next: number | null;
  /** Sentences about other items that have the damaged files too, by their names. */
  alsoIn?: Record<string, string[]>;
}

/** Something kept that a scrub compares with what it was. */
export interface ScrubItem {
  /** Path below the root; `records` stands for all records. */
  name: string;
  /** Milliseconds since 1970; when it got the bytes that it has. */
  since: number;
  /** Releases that depend on it. */
  releases: string[];
  compare(piece: Piece): Promise<PieceFound>;
  /** False when it was removed or replaced meanwhile, so that what was found says nothing. */
  isStill(): boolean;
}

/** Everything that scrubs compare. A displaced state was live until it was moved, so nothing says what it must be. */
export function scrubItems(root: Root): ScrubItem[] {
  const { releases } = listReleases(root);
  const { kept } = tryReadSnapshot(root);
  const versions = new Set(releases.map(({ runtime }) => runtime.version));
  return [
    recordsItem(root),
    ...[...versions].flatMap((version) => nodeItem(root, version, releases) ?? []),
    ...releases.map((manifest) => releaseItem(root, manifest)),
    ...kept.flatMap((snapshot) => (snapshot.kind === 'snapshot' ? snapshotItem(root, snapshot) : [])),
  ];
}

function releaseItem(root: Root, manifest: Manifest): ScrubItem {
  const { id, sealedAt } = manifest;
  const directory = releaseDirectory(root, id);
  return {
    name: `releases/${id}`,
    since: Date.parse(sealedAt) || 0,
    releases: [id],
    async compare(piece) {
      const { differences, next } = await compareRelease(directory, manifest, piece);
      const damage = differences.map((difference) => releaseText(directory, difference));
      const link = next === null ? linkFault(root, manifest) : null;
      if (link !== null) damage.push(`${id} cannot be started: ${link}.`);
      const alsoIn = [...sharersOf(root, id, differences)].map(([other, paths]) => {
        const text = (path: string) => releaseText(releaseDirectory(root, other), { path, kind: 'changed' });
        return [`releases/${other}`, paths.map(text)];
      });
      return { damage, next, alsoIn: Object.fromEntries(alsoIn) };
    },
    isStill: () => findManifest(root, id)?.sealedAt === sealedAt,
  };
}

function releaseText(directory: string, { path, kind, by }: TreeDifference): string {
  if (path === '.') return `${directory} is not what was sealed.`;
  return `${join(directory, path)} was ${kind}${by ? ` by a ${by}` : ''} since it was sealed.`;
}

/** Null for a missing Node, which every look at its releases names. */
function nodeItem(root: Root, version: string, releases: readonly Manifest[]): ScrubItem | null {
  const changedAt = () =>
    Math.floor(lstatSync(runtimeNode(root, version), { throwIfNoEntry: false })?.ctimeMs ?? Number.NaN);
  const since = changedAt();
  if (Number.isNaN(since)) return null;
  const users = releases.filter(({ runtime }) => runtime.version === version);
  return {
    name: `runtimes/${runtimeDirectoryName(version)}`,
    since,
    releases: users.map(({ id }) => id),
    async compare() {
      const faults = new Set(users.map(({ runtime }) => nodeFault(root, runtime, true)));
      return { damage: [...faults].flatMap((fault) => (fault === null ? [] : `${fault}.`)), next: null };
    },
    isStill: () => changedAt() === since,
  };
}

function snapshotItem(root: Root, { name, at, release }: Snapshot): ScrubItem {
  const kept = keptDirectory(root, name);
  return {
    name: `states/${name}`,
    since: Date.parse(at) || 0,
    releases: [release],
    async compare(piece) {
      let tree: ReturnType<typeof treeOfSnapshot>;
      try {
        tree = treeOfSnapshot(kept, true);
      } catch (error) {
        return { damage: [(error as Error).message], next: null };
      }
      const { differences, next } = await comparePiece(tree, piece);
      return { damage: differences.map((difference) => differenceText(kept, difference)), next };
    },
    // A restore takes its files away.
    isStill: () =>
      tryReadSnapshot(root).kept.some((one) => one.name === name && one.at === at) &&
      readRestore(root)?.from !== name,
  };
}

const OTHER_RECORDS: Record<string, RecordKind> = {
  'adopted.json': 'adopted',
  'adopted-files.json': 'adopted-files',
  'compatibility.json': 'compatibility',
  'gateway-cache.json': 'gateway-cache',
  'history.json': 'history',
  'registry-keys.json': 'registry-keys',
  'supervisor.json': 'supervisor',
  'timer.json': 'timer',
};

function recordsItem(root: Root): ScrubItem {
  return {
    name: 'records',
    since: 0,
    releases: [],
    async compare() {
      return { damage: corruptRecords(root), next: null };
    },
    isStill: () => true,
  };
}

/** Sentences. */
export function corruptRecords(root: Root): string[] {
  const others = Object.entries(OTHER_RECORDS).flatMap(([name, kind]): Corrupt[] => {
    const path = join(root.path, name);
    const found = readRecord(path, kind);
    return found.state === 'corrupt' ? [{ path, why: found.why }] : [];
  });
  const corrupt = [...findCorrupt(root), ...tryReadSnapshot(root).corrupt, ...others];
  return corrupt.map(({ path, why }) => `${path} ${why}.`);
}
