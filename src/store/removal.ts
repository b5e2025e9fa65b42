import { rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ifPossible } from '../core/if-possible.js';
import { directoryNames } from './manifest.js';
import { DIRECTORIES, type Root } from './root.js';
import { removeTree } from './seal.js';

/** Records beside those that `Root` names. */
const RECORDS = [
  ...[
    'timer.json',
    'timer.lock',
    'scrub.json',
    'scrub.lock',
    'compatibility.json',
    'gateway-cache.json',
    'rescued',
  ],
  ...['run.json', 'run.sock', 'run.lock', 'supervisor.json', 'adopted.json', 'adopted-files.json'],
];

/** Records of the holder of the lock, who removes them itself. */
const OF_LOCK = ['lock', 'lock-owner.json'];

/**
 * Removes a root that a refused command has made, where nothing but what each command makes is in it.
 * @param made as `prepareRoot` returned it
 */
export function removeUnused(root: Root, made: readonly string[]): void {
  if (made.length === 0) return;
  const remade = [root.bin, root.plugin, root.ballast];
  const empty = [root.releases, root.runtimes, root.staging, root.changes];
  const known = new Set([...remade, ...empty]);
  if (directoryNames(root.path).some((name) => !known.has(join(root.path, name)))) return;
  if (empty.some((directory) => directoryNames(directory).length > 0)) return;
  // A command that came meanwhile has put something into one of them, and the root stays.
  for (const directory of empty) rmdirSync(directory);
  for (const directory of remade) rmSync(directory, { recursive: true, force: true });
  for (const directory of made.toReversed()) rmdirSync(directory);
}

/**
 * Removes what this program has written below the root, links first, so that nothing starts a half-removed release.
 * Repeatable.
 * @param kept names below `states/` that stay
 * @returns paths that are left: those kept, and files of others
 */
export function removeRoot(root: Root, kept: ReadonlySet<string>): string[] {
  const { path, typed: _, lock, lockOwner, ...places } = root;
  for (const link of [root.current, root.previous]) rmSync(link, { force: true });
  for (const name of directoryNames(root.states))
    if (!kept.has(name)) removeTree(root, join(root.states, name));
  for (const directory of [root.releases, root.runtimes])
    for (const name of directoryNames(directory)) removeTree(root, join(directory, name));
  const own = new Set([...DIRECTORIES, ...RECORDS, ...Object.values(places).map((place) => basename(place))]);
  own.delete(basename(root.states));
  for (const name of directoryNames(path)) {
    const isOwn = own.has(name) || name.startsWith('lock.break-');
    if (isOwn) rmSync(join(path, name), { recursive: true, force: true });
  }
  for (const directory of [root.states, path]) ifPossible(() => rmdirSync(directory));
  const left = directoryNames(path).filter(
    (name) => !OF_LOCK.includes(name) && name !== basename(root.states),
  );
  return [...left.map((name) => join(path, name)), ...[...kept].map((name) => join(root.states, name))];
}
