import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../core/errors.js';
import { profileOf, profileSuffix } from '../core/profile.js';
import { absolutePath, realPlace } from '../host/real-path.js';
import { nearestExisting } from '../host/space.js';
import { isWritableByOthers, modeOf, statsOf, untrustedParent } from '../host/trust.js';
import { homeDirectory } from '../host/user.js';
import { invalid, linked, notOwned, unnameable, untrusted, unwritable } from './root-refusals.js';

/** Paths below the root directory; see `layout/README.md`. */
export interface Root {
  /** Real path. Only its last name can be a link, which `checkRoot` refuses. */
  path: string;
  /** Path as the caller typed it. Each link on it must be trusted too. */
  typed: string;
  current: string;
  previous: string;
  trial: string;
  bin: string;
  plugin: string;
  releases: string;
  runtimes: string;
  caches: string;
  staging: string;
  changes: string;
  states: string;
  requests: string;
  lockfiles: string;
  history: string;
  policy: string;
  registryKeys: string;
  signers: string;
  yanked: string;
  auto: string;
  ballast: string;
  lock: string;
  lockOwner: string;
  return: string;
  restore: string;
  lastRestore: string;
}

/**
 * Root of this user, one for each profile of OpenClaw.
 * @throws ReleasesError `home_unknown`
 */
export function defaultRootPath(env: NodeJS.ProcessEnv = process.env): string {
  if (env.OPENCLAW_RELEASES_ROOT) return env.OPENCLAW_RELEASES_ROOT;
  const name = `openclaw-releases${profileSuffix(profileOf(env))}`;
  return join(env.XDG_DATA_HOME || join(homeDirectory(env), '.local/share'), name);
}

/** Resolves the path once: npm, systemd and the kernel name a file by its real path, however the root was typed. */
export function rootAt(typed: string): Root {
  const path = realPlace(typed);
  const at = (name: string) => join(path, name);
  return {
    path,
    typed: absolutePath(typed),
    current: at('current'),
    previous: at('previous'),
    trial: at('trial'),
    bin: at('bin'),
    plugin: at('plugin'),
    releases: at('releases'),
    runtimes: at('runtimes'),
    caches: at('cache'),
    staging: at('staging'),
    changes: at('changes'),
    states: at('states'),
    requests: at('requests'),
    lockfiles: at('lockfiles'),
    history: at('history.json'),
    policy: at('policy.json'),
    registryKeys: at('registry-keys.json'),
    signers: at('allowed_signers'),
    yanked: at('yanked.json'),
    auto: at('timer-state.json'),
    ballast: at('ballast'),
    lock: at('lock'),
    lockOwner: at('lock-owner.json'),
    return: at('trial-restore.json'),
    restore: at('restore.json'),
    lastRestore: at('restore-result.json'),
  };
}

/** Directories below the root; each is the owner's alone. */
export const DIRECTORIES = [
  ...['releases', 'runtimes', 'staging', 'changes', 'states', 'requests', 'lockfiles'],
  ...['cache', 'bin', 'plugin', 'ballast', 'corrupt'],
];

/** Control characters, which no unit file can hold, and what Node puts for bytes that are no UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNNAMEABLE = /[\x00-\x1f\x7f\ufffd]/;

/**
 * Checks that nobody but this user and the superuser can replace the root or a directory in it. Every command does,
 * even to read: it trusts the records of a root.
 * @throws ReleasesError `root_not_owned`, `root_invalid`
 */
export function checkRoot(root: Root): void {
  if (UNNAMEABLE.test(root.typed)) throw unnameable(root.typed);
  const uid = process.getuid?.();
  if (uid === undefined) return;
  const parent = untrustedParent(root.typed, uid) ?? untrustedParent(root.path, uid);
  if (parent) throw untrusted(parent.path, parent.why);
  const stats = statsOf(root.path);
  if (!stats) return;
  if (stats.isSymbolicLink()) throw linked(root.path);
  if (!stats.isDirectory()) throw invalid(root.path);
  if (stats.uid !== uid) throw notOwned(root.path, stats.uid, uid);
  if (isWritableByOthers(stats))
    throw untrusted(root.path, `can be written by others (mode ${modeOf(stats)})`);
  for (const name of DIRECTORIES) checkDirectory(join(root.path, name), uid);
}

function checkDirectory(path: string, uid: number): void {
  const stats = statsOf(path);
  if (!stats) return;
  if (stats.isSymbolicLink()) throw linked(path);
  if (stats.uid !== uid) throw untrusted(path, `belongs to user ${stats.uid}`);
  if (isWritableByOthers(stats)) throw untrusted(path, `can be written by others (mode ${modeOf(stats)})`);
}

/**
 * Checks the root and that this user may write to it, then creates what is missing. Refuses the root of another user
 * even for the superuser, for whom the command line changes to that user first (`cli/as-owner`).
 * @returns the root and the directories above it that were made, outermost first; empty for a root that was there
 * @throws ReleasesError `root_unwritable`, `root_not_owned`, `root_invalid`
 */
export function prepareRoot(root: Root): string[] {
  checkRoot(root);
  const existing = nearestExisting(root.path);
  checkWritable(root, existing);
  const made = missingAbove(root.path, existing);
  try {
    for (const directory of made) makeDirectory(directory);
    for (const directory of [root.releases, root.runtimes, root.staging, root.changes, root.bin]) {
      makeDirectory(directory);
    }
  } catch (error) {
    throw unwritable(root.path, error);
  }
  // In a directory such as /tmp, somebody can have made it first.
  checkRoot(root);
  return made;
}

/** Outermost first, `path` last. */
function missingAbove(path: string, existing: string): string[] {
  const missing: string[] = [];
  for (let at = path; at !== existing; at = dirname(at)) missing.unshift(at);
  return missing;
}

/** Not by `recursive`, with which Node never returns where the kernel answers ENOENT, as in /proc. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}

function checkWritable(root: Root, existing: string): void {
  if (!statSync(existing).isDirectory()) throw invalid(root.path);
  try {
    // Names that are too long, and links in a loop, before anything above them is made.
    statSync(root.path, { throwIfNoEntry: false });
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(root.path, error);
  }
}
