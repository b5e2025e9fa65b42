import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { profileOf, profileSuffix } from '../core/profile.js';
import type { AbsolutePath } from '../core/scalars.js';
import { realPath } from './real-path.js';
import { homeDirectory } from './user.js';

export interface Launch {
  args: string[];
  env: Record<string, string>;
}

/** Place of everything that a gateway keeps; real paths, of which the last parts may be absent. */
export interface Place {
  /** Empty for the default one. */
  profile: string;
  directory: AbsolutePath;
  config: AbsolutePath;
}

export const CONFIG_FILE = 'openclaw.json';
/** Former name of the state directory, which OpenClaw uses when `.openclaw` is absent. */
const LEGACY = '.clawdbot';

/**
 * Finds the place of a gateway in OpenClaw's order: `OPENCLAW_STATE_DIR`, then `.openclaw-<profile>` or `.openclaw` in
 * `OPENCLAW_HOME` or the home. A profile that only `OPENCLAW_PROFILE` names is a name without a place: OpenClaw makes
 * the directory of `--profile` alone. Follows links, because a copy or a move needs the directory itself.
 * @throws ReleasesError `home_unknown`, where that decides
 */
export function placeOf({ env, args = [] }: Partial<Launch> & Pick<Launch, 'env'>): Place {
  const [profile, chosen] = [profileOf(env, args), profileOf({}, args)];
  const home = () => expand(env.OPENCLAW_HOME?.trim() || '~', () => homeDirectory(env));
  const override = env.OPENCLAW_STATE_DIR?.trim();
  const directory = realPath(override ? expand(override, home) : defaultDirectory(home(), chosen));
  const config = realPath(expand(env.OPENCLAW_CONFIG_PATH?.trim() || join(directory, CONFIG_FILE), home));
  return { profile, directory, config };
}

function defaultDirectory(home: string, profile: string): string {
  if (profile !== '') return join(home, `.openclaw${profileSuffix(profile)}`);
  const [current, legacy] = [join(home, '.openclaw'), join(home, LEGACY)];
  return existsSync(current) || !existsSync(legacy) ? current : legacy;
}

/** Replaces `~` by the home as OpenClaw does: a unit has no shell that expands it. */
function expand(path: string, home: () => string): string {
  return resolve(path.replace(/^~(?=$|\/)/, home));
}
