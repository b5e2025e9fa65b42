import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';

/** Paths below the root directory; see `layout/README.md`. */
export interface Root {
  path: string;
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
  policy: string;
  auto: string;
  ballast: string;
  lock: string;
  lockOwner: string;
  return: string;
  restore: string;
  lastRestore: string;
}

export function defaultRootPath(env: NodeJS.ProcessEnv = process.env): string {
  const data = env.XDG_DATA_HOME || join(env.HOME || homedir(), '.local/share');
  return env.OPENCLAW_RELEASES_ROOT || join(data, 'openclaw-releases');
}

export function rootAt(path: string): Root {
  const at = (name: string) => join(resolve(path), name);
  return {
    path: resolve(path),
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
    policy: at('policy.json'),
    auto: at('timer-state.json'),
    ballast: at('ballast'),
    lock: at('lock'),
    lockOwner: at('lock-owner.json'),
    return: at('trial-restore.json'),
    restore: at('restore.json'),
    lastRestore: at('restore-result.json'),
  };
}

/**
 * Checks that this user may write to the root, then creates what is missing. Refuses the root of another user even for
 * the superuser: its owner could neither switch nor remove files that belong to root.
 * @param onBehalf the superuser works for the owner of the root, and gives all files to the owner afterwards
 * @throws ReleasesError `root_unwritable`, `root_not_owned`, `root_invalid`
 */
export function prepareRoot(root: Root, onBehalf = false): void {
  const existing = nearestExisting(root.path);
  checkWritable(root, existing, onBehalf);
  try {
    for (const directory of missingAbove(root.path, existing)) makeDirectory(directory);
    for (const directory of [root.releases, root.runtimes, root.staging, root.changes, root.bin]) {
      makeDirectory(directory);
    }
  } catch (error) {
    throw unwritable(root, error);
  }
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

function nearestExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      statSync(at);
      return at;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOTDIR') throw invalid(path);
      if (code !== 'ENOENT' || at === dirname(at)) throw error;
    }
  }
}

function checkWritable(root: Root, existing: string, onBehalf: boolean): void {
  const stats = statSync(existing);
  if (!stats.isDirectory()) throw invalid(root.path);
  const uid = process.getuid?.();
  const another = existing === root.path && uid !== undefined && stats.uid !== uid;
  if (another && !(onBehalf && uid === 0)) {
    throw new ReleasesError(
      'root_not_owned',
      `${root.path} belongs to user ${stats.uid}, not to you (${uid}).`,
      {
        hint: `sudo -u '#${stats.uid}' openclaw-releases --root ${root.path} status`,
        untouched: 'Nothing was changed.',
      },
    );
  }
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(root, error);
  }
}

function unwritable(root: Root, cause: unknown): ReleasesError {
  return new ReleasesError('root_unwritable', `${root.path} cannot be written (${systemCode(cause)}).`, {
    hint: `ls -ld ${root.path} ${dirname(root.path)}`,
    untouched: 'Nothing was changed.',
    cause,
  });
}

function invalid(path: string): ReleasesError {
  return new ReleasesError('root_invalid', `${path} is not a directory.`, {
    hint: 'Name another one with --root or OPENCLAW_RELEASES_ROOT.',
    untouched: 'Nothing was changed.',
  });
}
