import { accessSync, constants, lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isAboutFile } from '../core/bounded-file.js';
import { ifPossible } from '../core/if-possible.js';
import { recordText } from '../core/record.js';
import { digestOne } from '../host/digest.js';
import { replaceSymlinkDurably, writeFileDurably } from '../host/durable.js';
import { directoryNames, listReleases, MANIFEST_FILE, type Manifest, releaseDirectory } from './manifest.js';
import { writable } from './move-aside.js';
import type { Root } from './root.js';

const LINK = /^\.\.\/\.\.\/runtimes\/node-([^/]+)\/bin\/node$/;

export function runtimeDirectoryName(version: string): string {
  return `node-${version}`;
}

export function runtimeNode(root: Root, version: string): string {
  return join(root.runtimes, runtimeDirectoryName(version), 'bin/node');
}

export function runtimeLink(version: string): string {
  return join('../../runtimes', runtimeDirectoryName(version), 'bin/node');
}

/** Version that such a text names; null for a Node outside of `runtimes`. */
export function runtimeVersionIn(link: string): string | null {
  return LINK.exec(link)?.[1] ?? null;
}

export function linkedNode(release: string): string | null {
  return ifPossible(() => readlinkSync(join(release, 'node'))) ?? null;
}

/**
 * Facts of a Node for the manifests of its releases. Digests it only where no release that runs on it did.
 * @throws system errors
 */
export function describeRuntime(root: Root, version: string): Manifest['runtime'] {
  const about = { version, path: runtimeLink(version) };
  const node = runtimeNode(root, version);
  const sealed = listReleases(root).releases.find(
    ({ runtime }) =>
      runtime.version === version && runtime.sha256 && whyOtherNode(node, runtime, false) === null,
  );
  if (sealed) return sealed.runtime;
  const { sha256, size: bytes } = digestOne(node);
  return { ...about, sha256, bytes, modifiedMs: modifiedMs(node) };
}

/**
 * Explains why a release cannot be started on the Node that it was sealed with.
 * @param thorough reads the whole Node; otherwise only a Node that looks different from outside
 * @returns the end of a sentence, or null
 */
export function runtimeFault(root: Root, manifest: Manifest, thorough = false): string | null {
  return linkFault(root, manifest) ?? nodeFault(root, manifest.runtime, thorough);
}

/** Explains why the release does not lead to the Node that it was sealed with. @returns as `runtimeFault` */
export function linkFault(root: Root, { id, runtime: { version, path } }: Manifest): string | null {
  const link = linkedNode(releaseDirectory(root, id));
  if (link === null) return 'its link to a Node is gone';
  if (link !== path) return `its Node is ${link}, not ${path}`;
  return runtimeVersionIn(path) === version ? null : `its Node, ${path}, is outside of ${root.runtimes}`;
}

/** Explains what is wrong with the Node that a release was sealed with. @returns as `runtimeFault` */
export function nodeFault(root: Root, runtime: Manifest['runtime'], thorough: boolean): string | null {
  return whyOtherNode(runtimeNode(root, runtime.version), runtime, thorough);
}

function whyOtherNode(node: string, sealed: Manifest['runtime'], thorough: boolean): string | null {
  const name = `Node ${sealed.version}`;
  try {
    const stats = lstatSync(node);
    if (!stats.isFile()) return `${name} is not a plain file`;
    accessSync(node, constants.X_OK);
    const { sha256, bytes, modifiedMs: then } = sealed;
    if (sha256 === undefined) return null;
    const isSame = stats.size === bytes && !thorough && modifiedMs(node) === then;
    if (isSame) return null;
    const found = stats.size === bytes ? digestOne(node).sha256 : null;
    return found === sha256 ? null : `${name} has other bytes than those that were sealed`;
  } catch (error) {
    if (!isAboutFile(error)) throw error;
    return lstatSync(node, { throwIfNoEntry: false })
      ? `${name} cannot be read and executed`
      : `${name} is missing`;
  }
}

/** Whole milliseconds: a copy of the root may keep no more. */
function modifiedMs(path: string): number {
  return Math.floor(lstatSync(path).mtimeMs);
}

/** Versions below `runtimes` that releases were sealed with and that are intact, or that no release knows. */
export function usableRuntimes(root: Root): string[] {
  const { releases } = listReleases(root);
  return directoryNames(root.runtimes).flatMap((name) => {
    const version = runtimeVersionIn(`../../runtimes/${name}/bin/node`);
    if (version === null) return [];
    const known = releases.map(({ runtime }) => runtime).filter((runtime) => runtime.version === version);
    const sealed = known.length > 0 ? known : [{ version, path: runtimeLink(version) }];
    const node = runtimeNode(root, version);
    return sealed.some((runtime) => whyOtherNode(node, runtime, false) === null) ? [version] : [];
  });
}

/** Gives a sealed release another Node: the manifest first, so that a link without its manifest is seen. */
export function bindRuntime(root: Root, manifest: Manifest, runtime: Manifest['runtime']): void {
  const directory = releaseDirectory(root, manifest.id);
  const text = recordText({ ...manifest, runtime });
  writable(directory, () => {
    writeFileDurably(join(directory, MANIFEST_FILE), text, 0o444);
    replaceSymlinkDurably(join(directory, 'node'), runtime.path);
  });
}
