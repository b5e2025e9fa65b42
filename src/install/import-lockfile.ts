import { sha256 } from '../core/sha256.js';
import { keepLockfile } from '../store/lockfiles.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import { lockedRelease, parseLockfile, withoutSecretAddresses } from './lockfile.js';

export interface Imported {
  version: string;
  packages: number;
  path: string;
  /** State of that version here: not staged, staged from these bytes, or from others. */
  staged: 'no' | 'same' | 'other';
}

/**
 * Stores a lockfile, so that staging its version here installs the same packages, checksum by checksum.
 * @throws ReleasesError `lockfile_invalid`, which names `source`
 */
export function importLockfile(root: Root, given: string, source: string): Imported {
  const lockfile = parseLockfile(given, source);
  const { version } = lockedRelease(lockfile, source, { isOwn: false });
  const text = withoutSecretAddresses(given);
  const present = findManifest(root, version);
  return {
    version,
    packages: lockfile.size,
    path: keepLockfile(root, version, text),
    staged: present === null ? 'no' : present.lockfileDigest === sha256(text) ? 'same' : 'other',
  };
}
