import { homedir, userInfo } from 'node:os';
import { ReleasesError } from '../core/errors.js';
import { ifPossible } from '../core/if-possible.js';

/** Name of this user, or its number: a user in a container may have no entry in the list of users. */
export function userName(): string {
  return ifPossible(() => userInfo().username) ?? String(process.getuid?.());
}

/** Home of this user; null when neither HOME nor the list of users names one. */
export function findHome(env: NodeJS.ProcessEnv = process.env): string | null {
  return env.HOME || ifPossible(homedir) || null;
}

/** @throws ReleasesError `home_unknown` */
export function homeDirectory(env?: NodeJS.ProcessEnv): string {
  const home = findHome(env);
  if (home !== null) return home;
  throw new ReleasesError(
    'home_unknown',
    `HOME is not set, and the list of users has no home for user ${userName()}.`,
    { hint: 'export HOME=<directory of that user>' },
  );
}
