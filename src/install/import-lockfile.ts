import { createHash } from 'node:crypto';
import { keepLockfile } from '../store/lockfiles.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { lockedRelease, parseLockfile } from './lockfile.js';

export interface Imported {
  version: string;
  packages: number;
  /** Where it is kept; absolute. */
  path: string;
  /** Whether that version is staged here, from these bytes or from others. */
  staged: 'no' | 'same' | 'other';
}

/**
 * Takes the lockfile of a release that another host has staged: whoever stages that version here from now on gets the same
 * packages, checksum by checksum.
 * @param text of a `package-lock.json`
 * @param source where it is from, in words
 * @throws ReleasesError `lockfile_invalid`
 */
export function importLockfile(root: Root, text: string, source: string): Imported {
  const lockfile = parseLockfile(text, source);
  const { version } = lockedRelease(lockfile, source);
  const present = findManifest(root, version);
  return {
    version,
    packages: [...lockfile.values()].filter(({ link }) => !link).length,
    path: keepLockfile(root, version, text),
    staged: present === null ? 'no' : present.lockfileDigest === digestOf(text) ? 'same' : 'other',
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
