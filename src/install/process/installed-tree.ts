import { dirname } from 'node:path';
import Arborist from '@npmcli/arborist';
import { OPENCLAW, outerPlaces, parseLockfile } from '../lockfile.js';
import type { InstallOrder } from '../messages.js';
import { isFetched } from './installed.js';
import type { Picked } from './manifests.js';

/** Entry of `package-lock.json`, from a tree that anybody may have written. */
interface Entry {
  version?: string;
  dependencies?: object;
  optionalDependencies?: object;
  peerDependencies?: object;
}

/**
 * Writes down an installed OpenClaw with the packages that it finds around it as a `package-lock.json`. It has the
 * checksums that npm recorded; npm records none for a global install.
 * @returns null for a tree of links, such as pnpm's, and for another version
 */
export async function lockfileOfTree({ installed, ...order }: InstallOrder): Promise<string | null> {
  if (installed === null) return null;
  const { meta } = await new Arborist({ path: dirname(dirname(installed)) }).loadActual();
  const packages: Record<string, Entry> = meta?.commit().packages ?? {};
  if (packages[OPENCLAW]?.version !== order.version) return null;
  const { version, integrity, tarball: resolved } = order;
  Object.assign(packages[OPENCLAW], { resolved, integrity });
  const needed = neededPlaces(packages);
  const kept = Object.entries(packages).filter(([place]) => needed.has(place));
  const all = { '': { dependencies: { openclaw: version } }, ...Object.fromEntries(kept) };
  const text = `${JSON.stringify({ lockfileVersion: 3, requires: true, packages: all }, null, 2)}\n`;
  return isUsable(text) ? text : null;
}

/** Asks the registry for what npm did not record of an installed tree. */
export async function addChecksums(
  ideal: Arborist.Node,
  lookUp: (id: string) => Promise<Picked>,
): Promise<void> {
  // A package from git or from an address is no package of the registry with the same name.
  const unproven = [...ideal.inventory.values()].filter(
    (node) =>
      !node.isRoot && !node.inBundle && isFetched(node) && !node.integrity && node.isRegistryDependency,
  );
  await Promise.all(
    unproven.map(async (node) => {
      const { _resolved, _integrity } = await lookUp(`${node.packageName}@${node.version}`);
      Object.assign(node, { resolved: _resolved, integrity: _integrity });
    }),
  );
}

function neededPlaces(packages: Record<string, Entry>): Set<string> {
  const needed = new Set([OPENCLAW]);
  // A set also visits what is added meanwhile.
  for (const place of needed) {
    for (const inside of Object.keys(packages)) if (inside.startsWith(`${place}/`)) needed.add(inside);
    const { dependencies, optionalDependencies, peerDependencies } = packages[place] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const places = [place, ...outerPlaces(place)].map((outer) => `${outer}/node_modules/${name}`);
      const nearest = [...places, `node_modules/${name}`].find((path) => packages[path]);
      if (nearest) needed.add(nearest);
    }
  }
  return needed;
}

function isUsable(text: string): boolean {
  try {
    return parseLockfile(text, '').size > 0;
  } catch {
    return false;
  }
}
