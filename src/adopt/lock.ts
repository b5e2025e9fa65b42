import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import Arborist from '@npmcli/arborist';
import { hasCredentials } from '../core/address.js';

export interface DerivedLockfile {
  packages: number;
  lockfileDigest: string;
}

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
}

/**
 * Writes the `package-lock.json` of a copied tree. The tree gives names and versions; `resolved` and `integrity` come
 * only from npm's hidden lockfiles or the package's own `npm-shrinkwrap.json`, and are left out elsewhere.
 */
export async function deriveLockfile(directory: string, packageRoot: string): Promise<DerivedLockfile> {
  const tree = await new Arborist({ path: directory }).loadActual();
  const known = knownPackages(packageRoot);
  let packages = 0;
  for (const node of tree.inventory.values()) {
    if (node.isRoot) continue;
    packages++;
    const locked = known.get(node.location);
    if (locked?.version === node.version) {
      // Replaces `resolved`, which after `loadActual` is the package's own directory.
      node.resolved = locked.resolved && !hasCredentials(locked.resolved) ? locked.resolved : null;
      node.integrity = locked.integrity ?? null;
    }
  }
  const lockfile = join(directory, 'package-lock.json');
  const { meta } = tree as unknown as { meta: Shrinkwrap | null };
  if (!meta) return { packages, lockfileDigest: '' };
  Object.assign(meta, { hiddenLockfile: false, lockfileVersion: 3, filename: lockfile });
  await meta.save();
  const lockfileDigest = createHash('sha256')
    .update(await readFile(lockfile))
    .digest('hex');
  return { packages, lockfileDigest };
}

interface Shrinkwrap {
  save(): Promise<void>;
}

/** Entries of the lockfiles beside and inside the install, by location in the copy. */
function knownPackages(packageRoot: string): Map<string, Locked> {
  const known = new Map<string, Locked>();
  const base = resolve(packageRoot, '..');
  const location = (path: string) => join('node_modules', relative(base, path));
  for (const [file, at] of [
    [join(packageRoot, 'npm-shrinkwrap.json'), packageRoot],
    [join(packageRoot, 'node_modules/.package-lock.json'), packageRoot],
    [join(base, '.package-lock.json'), dirname(base)],
  ] as const) {
    for (const [path, locked] of Object.entries(packagesOf(file))) {
      if (path !== '')
        known.set(location(join(at, path)), { ...known.get(location(join(at, path))), ...locked });
    }
  }
  return known;
}

function packagesOf(file: string): Record<string, Locked> {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { packages?: Record<string, Locked> }).packages ?? {};
  } catch {
    return {};
  }
}
