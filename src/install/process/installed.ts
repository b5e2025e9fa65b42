import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Arborist from '@npmcli/arborist';

export interface InstalledPackage {
  name: string;
  path: string;
  hasScripts: boolean;
  /** False when the name is not from the registry: an alias or a bundled package. */
  trustedName: boolean;
}

/** Packages that a tree needs, dependencies before dependents. */
function* neededBy(node: Arborist.Node, seen = new Set([node])): Generator<Arborist.Node> {
  for (const { to } of node.edgesOut.values()) {
    if (!to || seen.has(to)) continue;
    seen.add(to);
    yield* neededBy(to, seen);
    yield to;
  }
}

/** Likewise, those that are on disk. */
export function inDependencyOrder(root: Arborist.Node): InstalledPackage[] {
  // Optional packages for other platforms are planned, but not on disk.
  return [...neededBy(root)].filter(({ path }) => existsSync(join(path, 'package.json'))).map(describe);
}

/**
 * Returns false for a node without an address and without a name and a version, which arborist removes
 * (`extractOrLink` of its `reify`): an optional package that the registry does not have.
 */
export function isFetched({ resolved, package: { name, version } }: Arborist.Node): boolean {
  return Boolean(resolved) || Boolean(name && version);
}

function describe(node: Arborist.Node): InstalledPackage {
  const { scripts = {}, gypfile } = JSON.parse(readFileSync(join(node.path, 'package.json'), 'utf8'));
  const scripted = Boolean(scripts.preinstall || scripts.install || scripts.postinstall);
  return {
    name: node.packageName,
    path: node.path,
    hasScripts: scripted || (gypfile !== false && existsSync(join(node.path, 'binding.gyp'))),
    trustedName: node.name === node.packageName && !node.inBundle,
  };
}
