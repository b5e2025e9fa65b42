import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ReleasesError } from '../core/errors.js';

/** A package of an install and its place in the copy; `to` is relative to the release. */
export interface Placement {
  from: string;
  to: string;
}

/** Deeper nesting is a circle of packages that cannot be laid out without links. */
const MAX_DEPTH = 24;

/**
 * Lays out everything that an installed package resolves outside of its directory, so that every package finds the same
 * dependencies without a symlink: npm's nested global tree, the flat trees of yarn, bun and a project, pnpm's links
 * into its store. A package goes to the top, or below its dependent when another of its name is there.
 * @throws ReleasesError `install_failed`
 */
export function planPlacements(packageRoot: string, name = 'openclaw'): Placement[] {
  const first: Placement = { from: packageRoot, to: `node_modules/${name}` };
  const placed = new Map([[first.to, first.from]]);
  const queue = [first];
  for (let unit = queue.shift(); unit; unit = queue.shift()) {
    for (const inside of packagesWithin(unit.from)) {
      const at = join(unit.to, relative(unit.from, inside));
      for (const dependency of dependenciesOf(inside)) {
        const from = resolvePackage(dependency, inside);
        // Bundled dependencies are copied with their package.
        if (!from || isWithin(from, unit.from)) continue;
        const to = placeFor(dependency, from, at, placed);
        if (to === null) continue;
        if (to.split('node_modules/').length > MAX_DEPTH) throw tangled(dependency, inside);
        placed.set(to, from);
        queue.push({ from, to });
      }
    }
  }
  return [...placed].map(([to, from]) => ({ from, to }));
}

/** Place for `from` so that the package in `at` resolves it; null when it does already. */
function placeFor(
  name: string,
  from: string,
  at: string,
  placed: ReadonlyMap<string, string>,
): string | null {
  for (let above = at; above !== '.'; above = dirname(above)) {
    if (above.endsWith('node_modules')) continue;
    const there = placed.get(join(above, 'node_modules', name));
    if (there === from) return null;
    if (there !== undefined) return join(at, 'node_modules', name);
  }
  const top = join('node_modules', name);
  const there = placed.get(top);
  if (there === from) return null;
  return there === undefined ? top : join(at, 'node_modules', name);
}

function packagesWithin(root: string): string[] {
  const found = [root];
  for (const name of namesIn(join(root, 'node_modules'))) {
    found.push(...packagesWithin(join(root, 'node_modules', name)));
  }
  return found;
}

function namesIn(modules: string): string[] {
  const directories = (path: string) => {
    try {
      return readdirSync(path, { withFileTypes: true }).filter(
        (entry) => entry.isDirectory() && entry.name[0] !== '.',
      );
    } catch {
      return [];
    }
  };
  return directories(modules).flatMap(({ name }) =>
    name.startsWith('@')
      ? directories(join(modules, name)).map((scoped) => `${name}/${scoped.name}`)
      : [name],
  );
}

function dependenciesOf(directory: string): string[] {
  try {
    const json = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Record<string, object>;
    return Object.keys({ ...json.dependencies, ...json.optionalDependencies, ...json.peerDependencies });
  } catch {
    return [];
  }
}

/** Resolves a package as Node does, to its real directory; null when missing, as optional ones may be. */
function resolvePackage(name: string, from: string): string | null {
  for (let at = from; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (at === dirname(at)) return null;
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory + sep);
}

function tangled(name: string, from: string): ReleasesError {
  return new ReleasesError(
    'install_failed',
    `The dependency ${name} of ${from} cannot be laid out without links.`,
    { hint: 'openclaw-releases stage <version>, which installs the release afresh' },
  );
}
