import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Arborist from '@npmcli/arborist';
import { ReleasesError } from '../../core/errors.js';
import { checksumStrength } from '../../registry/checksum.js';
import { firstDifference, type Lockfile, OPENCLAW, sameBytes, type Tree, unfit } from '../lockfile.js';
import type { InstallOrder } from '../messages.js';
import { isFetched } from './installed.js';

export function nodesOf(tree: Arborist.Node | null): Iterable<Arborist.Node> {
  return tree?.inventory.values() ?? [];
}

/** Packages that arborist fetches or links. Includes those for other platforms: the lockfile lists them for the next host. */
function fetchedIn(tree: Arborist.Node): Arborist.Node[] {
  return [...nodesOf(tree)].filter((node) => node.parent && !node.inBundle && isFetched(node));
}

/** @throws ReleasesError for the first package that no checksum proves */
export function checkChecksums(tree: Arborist.Node, lockfile: string | null): void {
  const unproven = fetchedIn(tree).find(({ integrity }) => checksumStrength(integrity) === null);
  if (unproven) throw withoutChecksum(unproven, lockfile);
}

export function weakIn(tree: Arborist.Node): string[] {
  const weak = fetchedIn(tree).filter(({ integrity }) => checksumStrength(integrity) === 'weak');
  return [...new Set(weak.map(({ packageName, version }) => `${packageName}@${version}`))].sort();
}

export function checkExact(exact: Lockfile, ideal: Arborist.Node): void {
  const planned: Tree = new Map(
    [...ideal.inventory.values()]
      .filter((node) => !node.isRoot && isFetched(node))
      .map(({ location, version, integrity }) => [location, { version, ...(integrity && { integrity }) }]),
  );
  const difference = firstDifference(exact, planned);
  if (difference) throw unfit(`The lockfile is not exact: npm would install another ${difference}.`);
}

/** Returns true when npm keeps each package of a lockfile where it is; it may add those of other platforms. */
export function isSame(lockfile: Lockfile, ideal: Arborist.Node): boolean {
  const versions = new Map([...nodesOf(ideal)].map(({ location, version }) => [location, version]));
  return [...lockfile].every(([place, { version }]) => versions.get(place) === version);
}

/** Finds a package that a lockfile puts into a bundle, and that its archive lacks: npm would leave it out. */
export function checkBundles(ideal: Arborist.Node): void {
  const missing = [...ideal.inventory.values()].find(
    ({ inBundle, optional, path }) => inBundle && !optional && !existsSync(join(path, 'package.json')),
  );
  if (missing) throw unfit(`The lockfile is not exact: no archive contains ${missing.location}.`);
}

export function checkInstalled(lockfile: Lockfile, { directory, version, integrity }: InstallOrder): void {
  const { version: installed } = JSON.parse(readFileSync(join(directory, OPENCLAW, 'package.json'), 'utf8'));
  const locked = lockfile.get(OPENCLAW);
  if (!locked)
    throw new ReleasesError('internal', `npm wrote a lockfile without ${OPENCLAW} into ${directory}.`);
  if (installed !== version || !sameBytes(integrity, locked.integrity)) {
    throw mismatch(
      `What was installed is OpenClaw ${installed} and not the announced archive of ${version}.`,
    );
  }
}

export function withoutChecksum(node: Arborist.Node, lockfile: string | null): ReleasesError {
  if (lockfile !== null) return unfit(`${lockfile} has no checksum for ${node.location}.`);
  const untouched = 'Nothing that runs was changed.';
  if (node.isLink) {
    return new ReleasesError(
      'archive_invalid',
      `The dependency ${node.name} is a directory, not an archive.`,
      {
        hint: 'Stage another version.',
        untouched,
      },
    );
  }
  const name = `${node.packageName}@${node.version}`;
  return new ReleasesError(
    'registry_error',
    `The registry gives no checksum for ${name} that npm can check.`,
    {
      hint: 'Use a registry that does: --registry <address>',
      untouched,
    },
  );
}

export function mismatch(message: string): ReleasesError {
  return new ReleasesError('integrity_mismatch', message, {
    hint: 'Stage it again; if it happens again, the registry or the archive is not to be trusted.',
  });
}
