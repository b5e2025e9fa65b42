import { constants, existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Arborist from '@npmcli/arborist';
import { ReleasesError } from '../../core/errors.js';
import { hashFile } from '../../registry/archive.js';
import { checksumStrength } from '../../registry/checksum.js';
import type { ClientOptions } from '../../registry/client.js';
import {
  firstDifference,
  type Lockfile,
  lockedRelease,
  OPENCLAW,
  parseLockfile,
  readLockfile,
  readLockfileText,
  sameBytes,
  type Tree,
  unfit,
  withoutSecretAddresses,
} from '../lockfile.js';
import type { InstallOrder, InstallProgress } from '../messages.js';
import { Extraction } from './extraction.js';
import { type InstalledPackage, inDependencyOrder, isFetched, planned } from './installed.js';
import { addChecksums, lockfileOfTree } from './installed-tree.js';
import { withOwnAddresses } from './localize-lockfile.js';
import { Manifests } from './manifests.js';
import { copiesFrom } from './reuse.js';

export interface InstalledTree {
  /** Dependencies before dependents. */
  installed: InstalledPackage[];
  /** Packages that only SHA-1 proves. */
  weakChecksums: string[];
  sharedBytes: number;
  /** True where these are the packages of `order.installed`. */
  asInstalled: boolean;
}

/**
 * Writes `package.json`, the exact `package-lock.json` and `node_modules`. Runs no script of any package.
 * @throws ReleasesError `integrity_mismatch`, `lockfile_invalid`, `registry_error`, and errors of npm's libraries
 */
export async function installTree(
  order: InstallOrder,
  onProgress: (progress: InstallProgress) => void,
): Promise<InstalledTree> {
  const { directory, lockfile } = order;
  const lockPath = join(directory, 'package-lock.json');
  await prepare(order);
  const exact = lockfile === null ? null : await useLockfile(lockfile, lockPath, order);
  const tree = exact ? null : await lockfileOfTree(order);
  if (tree) await writeFile(lockPath, withOwnAddresses(tree, order.options));
  const options = treeOptions(order);
  const manifests = new Manifests(options);
  const arborist = new Arborist(options);
  const watched = watch(onProgress, () => arborist.idealTree);
  let refused: unknown;
  const extraction = new Extraction({
    scratch: join(directory, '.unpacking'),
    copies: copiesFrom(order.similar),
    check(into, integrity) {
      if (checksumStrength(integrity) !== null) return;
      // A package of a shrinkwrap, or missing from a bundle. Arborist passes over the failure of an optional one.
      const node = [...nodesOf(arborist.idealTree)].find(({ path }) => path === into);
      refused ??= node
        ? withoutChecksum(node, lockfile)
        : mismatch(`No checksum proves what belongs at ${into}.`);
      throw refused;
    },
    onFetched: watched.fetched,
  });
  const begin = (name: string, resolved: string, integrity: string) =>
    extraction.begin(`${name}@${resolved}`, { ...options, resolved, integrity });
  onProgress({ phase: 'resolve', done: 0 });
  try {
    // OpenClaw's archive is the largest by far, and known before anything is resolved.
    if (!order.tarball.startsWith('file:')) begin('openclaw', order.tarball, order.integrity);
    const ideal = await arborist.buildIdealTree();
    if (tree) await addChecksums(ideal, (id) => manifests.manifest(id, { ...options, fullMetadata: true }));
    manifests.close();
    if (exact) checkExact(exact, ideal);
    checkChecksums(ideal, lockfile);
    // Arborist first unpacks packages with bundles, to read these; OpenClaw is one, and the largest.
    for (const { name, resolved, integrity, inBundle } of planned(ideal))
      if (!inBundle && integrity && /^https?:/.test(resolved ?? '')) begin(name, resolved ?? '', integrity);
    await arborist.reify({ save: true, omit: ['dev'] });
    if (refused) throw refused;
    checkChecksums(ideal, lockfile);
    if (exact) checkBundles(ideal);
    for (const path of [lockPath, join(directory, 'node_modules/.package-lock.json')])
      await writeFile(path, withoutSecretAddresses(await readFile(path, 'utf8')));
    checkInstalled(readLockfile(lockPath), order);
    return {
      installed: inDependencyOrder(ideal),
      weakChecksums: weakIn(ideal),
      sharedBytes: extraction.sharedBytes,
      asInstalled: tree !== null && isSame(parseLockfile(tree, lockPath), ideal),
    };
  } finally {
    watched.stop();
    manifests.close();
    await extraction.close();
  }
}

function treeOptions({ directory, runtime, options }: InstallOrder): Arborist.Options & ClientOptions {
  return {
    ...options,
    path: directory,
    // Versions must fit the Node of the release, not of this process.
    nodeVersion: runtime.version.replace(/^v?/, 'v'),
    ignoreScripts: true,
    ...{ audit: false, fund: false, installStrategy: 'hoisted', omit: ['dev'], save: true },
  } as Arborist.Options & ClientOptions;
}

/** Prepares the directory and removes the rest of an earlier attempt, because a step may run twice. */
async function prepare(order: InstallOrder): Promise<void> {
  const { directory, version } = order;
  await mkdir(directory, { recursive: true });
  for (const name of ['node_modules', 'package-lock.json']) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
  const manifest = {
    name: 'openclaw-release',
    description: `OpenClaw ${version} with everything it needs, installed by openclaw-releases.`,
    private: true,
    dependencies: { openclaw: await dependency(order) },
  };
  await writeFile(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Copies a local archive into the release, so that its lockfile names an existing file. */
async function dependency({ directory, version, tarball, integrity }: InstallOrder): Promise<string> {
  if (!tarball.startsWith('file:')) return version;
  const name = archiveName(version);
  const copy = join(directory, name);
  await copyFile(tarball.slice('file:'.length), copy, constants.COPYFILE_FICLONE);
  if (!sameBytes(integrity, await hashFile(copy))) throw mismatch(`${tarball} changed while it was staged.`);
  return `file:${name}`;
}

function archiveName(version: string): string {
  return `openclaw-${version}.tgz`;
}

async function useLockfile(source: string, path: string, order: InstallOrder): Promise<Lockfile> {
  const text = readLockfileText(source);
  const exact = parseLockfile(text, source);
  const locked = lockedRelease(exact, source, { isOwn: order.isOwnLockfile });
  if (locked.version !== order.version || !sameBytes(order.integrity, locked.integrity)) {
    throw unfit(`${source} is not of this release of OpenClaw ${order.version}, but of ${locked.version}.`);
  }
  const archive = order.tarball.startsWith('file:') ? `file:${archiveName(order.version)}` : undefined;
  await writeFile(path, withOwnAddresses(text, order.options, archive));
  return exact;
}

function nodesOf(tree: Arborist.Node | null): Iterable<Arborist.Node> {
  return tree?.inventory.values() ?? [];
}

/** Packages that arborist fetches or links. Includes those for other platforms: the lockfile lists them for the next host. */
function fetchedIn(tree: Arborist.Node): Arborist.Node[] {
  return [...nodesOf(tree)].filter((node) => node.parent && !node.inBundle && isFetched(node));
}

/** @throws ReleasesError for the first package that no checksum proves */
function checkChecksums(tree: Arborist.Node, lockfile: string | null): void {
  const unproven = fetchedIn(tree).find(({ integrity }) => checksumStrength(integrity) === null);
  if (unproven) throw withoutChecksum(unproven, lockfile);
}

function weakIn(tree: Arborist.Node): string[] {
  const weak = fetchedIn(tree).filter(({ integrity }) => checksumStrength(integrity) === 'weak');
  return [...new Set(weak.map(({ packageName, version }) => `${packageName}@${version}`))].sort();
}

function checkExact(exact: Lockfile, ideal: Arborist.Node): void {
  const planned: Tree = new Map(
    [...ideal.inventory.values()]
      .filter((node) => !node.isRoot && isFetched(node))
      .map(({ location, version, integrity }) => [location, { version, ...(integrity && { integrity }) }]),
  );
  const difference = firstDifference(exact, planned);
  if (difference) throw unfit(`The lockfile is not exact: npm would install another ${difference}.`);
}

/** Returns true when npm keeps each package of a lockfile where it is; it may add those of other platforms. */
function isSame(lockfile: Lockfile, ideal: Arborist.Node): boolean {
  const versions = new Map([...nodesOf(ideal)].map(({ location, version }) => [location, version]));
  return [...lockfile].every(([place, { version }]) => versions.get(place) === version);
}

/** Finds a package that a lockfile puts into a bundle, and that its archive lacks: npm would leave it out. */
function checkBundles(ideal: Arborist.Node): void {
  const missing = [...ideal.inventory.values()].find(
    ({ inBundle, optional, path }) => inBundle && !optional && !existsSync(join(path, 'package.json')),
  );
  if (missing) throw unfit(`The lockfile is not exact: no archive contains ${missing.location}.`);
}

function checkInstalled(lockfile: Lockfile, { directory, version, integrity }: InstallOrder): void {
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

/** Milliseconds between two reports of bytes alone. */
const FETCHED_EVERY_MS = 500;

/** Reports bytes, and arborist's progress, which comes as timers on `process`: one for each placed and each unpacked package. */
function watch(
  onProgress: (progress: InstallProgress) => void,
  idealTree: () => Arborist.Node | null,
): { stop(): void; fetched(bytes: number): void } {
  const done = { resolve: 0, unpack: 0 };
  let last: InstallProgress = { phase: 'resolve', done: 0 };
  let bytes = 0;
  let toldAt = 0;
  const tell = (progress: InstallProgress) => {
    last = progress;
    toldAt = performance.now();
    onProgress({ ...progress, bytes });
  };
  const onTime = (moment: 'start' | 'end', timer: string) => {
    if (moment === 'start' && timer.startsWith('idealTree:node_modules/')) {
      tell({ phase: 'resolve', done: ++done.resolve });
    } else if (moment === 'end' && timer.startsWith('reifyNode:')) {
      const total = (idealTree()?.inventory.size ?? 1) - 1;
      tell({ phase: 'unpack', done: ++done.unpack, total });
    }
  };
  process.on('time', onTime);
  return {
    stop: () => process.off('time', onTime),
    fetched(more) {
      bytes += more;
      if (performance.now() - toldAt >= FETCHED_EVERY_MS) tell(last);
    },
  };
}

function withoutChecksum(node: Arborist.Node, lockfile: string | null): ReleasesError {
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

function mismatch(message: string): ReleasesError {
  return new ReleasesError('integrity_mismatch', message, {
    hint: 'Stage it again; if it happens again, the registry or the archive is not to be trusted.',
  });
}
