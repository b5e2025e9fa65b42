import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';
import { type Reading, readRecord } from '../core/record.js';
import { inVersionOrder } from '../core/version.js';
import type { Root } from './root.js';

export const MANIFEST_FILE = 'release.json';

/** `releases/<id>/release.json`: written last, so a directory that has it is a whole release. */
export interface Manifest {
  schema: 1;
  id: string;
  version: string;
  /** What was asked for: `latest`, `2026.6.1`, `file:/…`. */
  spec: string;
  /** Of the package's archive, as Subresource Integrity. */
  integrity: string;
  /** `verified` by the registry's key; `absent` and `unchecked` are not. */
  signature: 'verified' | 'absent' | 'unchecked';
  engines: string | null;
  /** Versions of the databases that this release declares to read and write, where it declares them. */
  schemas: { state: number; agent: number } | null;
  /** The versions that it gave a copy of this host's state when it was tried on one; see `StateVersions`. */
  learned?: { databases: Record<string, number>; config: string | null };
  /** `path` is what the link `node` of the release points to. */
  runtime: { kind: 'host' | 'carried'; version: string; path: string };
  /** The package's program, relative to the release. */
  main: string;
  lockfileDigest: string;
  treeDigest: string;
  files: number;
  bytes: number;
  /** Room that it took on the disk when it was sealed, in whole blocks, besides the blocks that it shares. */
  addedBytes?: number;
  /** Of the blocks that it shares with releases that were here when it was sealed. */
  sharedBytes?: number;
  packages: number;
  /** Dependencies whose install scripts were not run. */
  skippedScripts: string[];
  /** ISO 8601. */
  sealedAt: string;
}

const ID = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,127}$/;

/** @throws ReleasesError `release_id_invalid` for anything that could name another place than one release. */
export function checkReleaseId(id: string): string {
  if (ID.test(id) && !id.includes('..')) return id;
  throw new ReleasesError('release_id_invalid', `${JSON.stringify(id)} is not the name of a release.`, {
    hint: 'openclaw-releases list',
    untouched: 'Nothing was changed.',
  });
}

export function releaseDirectory(root: Root, id: string): string {
  // `list` does this for every release, and `join` looks at every character.
  return `${root.releases}/${checkReleaseId(id)}`;
}

/** One look at the manifest of a release; see `readRecord`. */
export function tryReadManifest(root: Root, id: string): Reading<Manifest> {
  return readRecord(`${releaseDirectory(root, id)}/${MANIFEST_FILE}`, 'release', id);
}

/**
 * The manifest of one release.
 * @throws ReleasesError `release_id_invalid`, `release_not_found`, `release_unsealed`
 */
export function readManifest(root: Root, id: string): Manifest {
  const found = tryReadManifest(root, id);
  if (found.state === 'read') return found.value;
  const directory = releaseDirectory(root, id);
  const untouched = 'Nothing was changed.';
  if (found.state === 'corrupt') {
    const why = `${join(directory, MANIFEST_FILE)} ${found.why}, so ${id} is not a release.`;
    throw new ReleasesError('release_unsealed', why, { hint: 'openclaw-releases recover', untouched });
  }
  if (!statSync(directory, { throwIfNoEntry: false })) {
    throw new ReleasesError('release_not_found', `There is no release ${id} here.`, {
      hint: `openclaw-releases list, or openclaw-releases stage ${id}`,
      untouched,
    });
  }
  throw new ReleasesError('release_unsealed', `${directory} has no manifest, so it is not a release.`, {
    hint: 'openclaw-releases prune',
    untouched,
  });
}

/** The manifest of a release that is only compared with, or null: a change of another one does not fail for it. */
export function findManifest(root: Root, id: string): Manifest | null {
  try {
    return readManifest(root, id);
  } catch (error) {
    if (error instanceof ReleasesError) return null;
    throw error;
  }
}

export interface ReleaseListing {
  /** Oldest first, in the order of versions. */
  releases: Manifest[];
  /** Directories that are not releases: no manifest, or one that cannot be understood. */
  unsealed: string[];
}

/** Everything below `releases/`. */
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

/** Names below a directory, or none when it does not exist. */
export function directoryNames(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
