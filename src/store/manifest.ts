import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';
import { type RecordResult, readRecord } from '../core/record.js';
import type { Count, Integer, Moment, Name, ReleaseVersion, Sha256 } from '../core/scalars.js';
import { inVersionOrder } from '../core/version.js';
import type { Root } from './root.js';

export const MANIFEST_FILE = 'release.json';

/** `releases/<id>/release.json`: written last, so a directory that has it is a complete release. */
export interface Manifest {
  schema: 1;
  id: ReleaseVersion;
  version: ReleaseVersion;
  /** As requested: `latest`, `2026.6.1`, `file:/…`. */
  spec: string;
  /** Subresource Integrity of the package archive. */
  integrity: string;
  /** `verified`: signed with a key of the registry. */
  signature: 'verified' | 'absent' | 'unchecked';
  engines: string | null;
  /** Database versions that the release declares to read and write; null when it declares none. */
  schemas: { state: Integer; agent: Integer } | null;
  /** Versions that it gave a copy of this host's state when it ran on one; see `StateVersions`. */
  learned?: { databases: Record<string, Integer>; config: string | null };
  /** The Node below `runtimes`. */
  runtime: {
    version: Name;
    /** Target of the link `node` in the release. */
    path: string;
    /** Hex digest of the program; absent in older records. */
    sha256?: Sha256;
    bytes?: Count;
    /** Milliseconds since the epoch. A program with another time is read to be sure. */
    modifiedMs?: Integer;
  };
  /** Relative to the release. */
  main: string;
  /** Empty for an install that was copied without one. */
  lockfileDigest: Sha256 | '';
  treeDigest: Sha256;
  files: Count;
  bytes: Count;
  /** Bytes added to the disk at sealing, in whole blocks, without shared blocks. */
  addedBytes?: Count;
  /** Bytes in blocks shared with releases that existed at sealing. */
  sharedBytes?: Count;
  packages: Count;
  skippedScripts: string[];
  sealedAt: Moment;
}

const ID = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,127}$/;

export function isReleaseId(id: string): boolean {
  return ID.test(id) && !id.includes('..');
}

/** @throws ReleasesError `release_id_invalid` for an id that could name a place other than one release. */
export function checkReleaseId(id: string): string {
  if (isReleaseId(id)) return id;
  throw new ReleasesError('release_id_invalid', `${JSON.stringify(id)} is not the name of a release.`, {
    hint: 'openclaw-releases list',
  });
}

export function releaseDirectory(root: Root, id: string): string {
  // Not `join`, which scans every character: `list` calls this for every release.
  return `${root.releases}/${checkReleaseId(id)}`;
}

export function tryReadManifest(root: Root, id: string): RecordResult<Manifest> {
  return readRecord(`${releaseDirectory(root, id)}/${MANIFEST_FILE}`, 'release', id);
}

/** @throws ReleasesError `release_id_invalid`, `release_not_found`, `release_unsealed` */
export function readManifest(root: Root, id: string): Manifest {
  const found = tryReadManifest(root, id);
  if (found.state === 'ok') return found.value;
  const directory = releaseDirectory(root, id);
  if (found.state === 'corrupt') {
    const why = `${join(directory, MANIFEST_FILE)} ${found.why}, so ${id} is not a release.`;
    throw new ReleasesError('release_unsealed', why, { hint: 'openclaw-releases recover' });
  }
  if (!statSync(directory, { throwIfNoEntry: false })) {
    throw new ReleasesError('release_not_found', `There is no release ${id} here.`, {
      hint: `openclaw-releases list, or openclaw-releases stage ${id}`,
    });
  }
  throw new ReleasesError('release_unsealed', `${directory} has no manifest, so it is not a release.`, {
    hint: 'openclaw-releases prune',
  });
}

/** Returns null instead of an error: a change must not fail because of a release that it only compares with. */
export function findManifest(root: Root, id: string): Manifest | null {
  try {
    return readManifest(root, id);
  } catch (error) {
    if (error instanceof ReleasesError) return null;
    throw error;
  }
}

export interface ReleaseListing {
  /** Oldest first, in version order. */
  releases: Manifest[];
  unsealed: string[];
}

export function listReleases(root: Root): ReleaseListing {
  const releases: Manifest[] = [];
  const unsealed: string[] = [];
  for (const id of directoryNames(root.releases)) {
    const manifest = findManifest(root, id);
    if (manifest) releases.push(manifest);
    else unsealed.push(id);
  }
  return { releases: inVersionOrder(releases, ({ id }) => id), unsealed };
}

export function directoryNames(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
