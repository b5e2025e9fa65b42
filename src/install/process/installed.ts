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

/** Packages of a tree that are on disk, dependencies before dependents. */
export function inDependencyOrder(root: Arborist.Node): InstalledPackage[] {
  const seen = new Set([root]);
  const order: Arborist.Node[] = [];
  const visit = (node: Arborist.Node) => {
    for (const { to } of node.edgesOut.values()) {
      if (!to || seen.has(to)) continue;
      seen.add(to);
      visit(to);
      order.push(to);
    }
  };
  visit(root);
  // Optional packages for other platforms are planned, but not on disk.
  return order.filter(({ path }) => existsSync(join(path, 'package.json'))).map(describe);
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
