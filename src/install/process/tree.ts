import { constants } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Arborist from '@npmcli/arborist';
import { hashFile } from '../../registry/archive.js';
import { checksumStrength } from '../../registry/checksum.js';
import type { ClientOptions } from '../../registry/client.js';
import {
  type Lockfile,
  lockedRelease,
  parseLockfile,
  readLockfile,
  readLockfileText,
  sameBytes,
  unfit,
  withoutSecretAddresses,
} from '../lockfile.js';
import type { InstallOrder, InstallProgress } from '../messages.js';
import { Extraction } from './extraction.js';
import { type InstalledPackage, inDependencyOrder } from './installed.js';
import { addChecksums, lockfileOfTree } from './installed-tree.js';
import { withOwnAddresses } from './localize-lockfile.js';
import { Manifests } from './manifests.js';
import { watchProgress } from './progress.js';
import { copiesFrom } from './reuse.js';
import {
  checkBundles,
  checkChecksums,
  checkExact,
  checkInstalled,
  isSame,
  mismatch,
  nodesOf,
  weakIn,
  withoutChecksum,
} from './tree-checks.js';

/** Arborist's node; `inert` is one for another platform. */
type Planned = Arborist.Node & { inert?: boolean };

export interface InstalledTree {
  /** Dependencies before dependents. */
  installed: InstalledPackage[];
  /** Packages that only SHA-1 proves. */
  weakChecksums: string[];
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
  const manifests = new Manifests(options, { asksAhead: tree === null });
  const arborist = new Arborist(options);
  const watched = watchProgress(onProgress, () => arborist.idealTree);
  let refused: unknown;
  const extraction = new Extraction({
    scratch: join(directory, '.unpacking'),
    copies: copiesFrom(order.kept),
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
  onProgress({ phase: 'resolve', done: 0 });
  try {
    // OpenClaw's archive is the largest by far, and known before anything is resolved.
    extraction.begin({ name: 'openclaw', resolved: order.tarball, integrity: order.integrity }, options);
    const ideal = await arborist.buildIdealTree();
    if (tree) await addChecksums(ideal, (id) => manifests.manifest(id, { ...options, fullMetadata: true }));
    manifests.close();
    if (exact) checkExact(exact, ideal);
    checkChecksums(ideal, lockfile);
    // Arborist first unpacks packages with bundles, to read these; OpenClaw is one, and the largest.
    for (const node of nodesOf(ideal) as Iterable<Planned>)
      if (!node.inert && !node.inBundle) extraction.begin(node, options);
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
