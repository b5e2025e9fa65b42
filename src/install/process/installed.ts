import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Arborist from '@npmcli/arborist';

/** One installed package: where it is, and whether its own name can be believed. */
export interface InstalledPackage {
  name: string;
  path: string;
  hasScripts: boolean;
  /** False where the name is not the registry's word: an alias, or what another package brought along. */
  trustedName: boolean;
}

/** The packages of a tree that are on disk, dependencies before dependents. */
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
  // Optional packages for other platforms are part of the plan and not of the disk.
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
