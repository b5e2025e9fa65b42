import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { AbsolutePath } from '../core/scalars.js';
import { realPath } from '../host/real-path.js';
import { homeDirectory } from '../host/user.js';

export interface StatePlace {
  /** Real path of the state directory. */
  directory: AbsolutePath;
  /** Real path of the configuration file when it lies outside of `directory`, else null. */
  config: AbsolutePath | null;
}

export interface RootPlace {
  path: string;
  states: string;
  staging: string;
}

export const CONFIG_FILE = 'openclaw.json';
/** Former name of the state directory, which OpenClaw uses when `.openclaw` is absent. */
const LEGACY = '.clawdbot';
const PROFILE = /^[A-Za-z0-9_-]+$/;

/**
 * Finds the state of a gateway in OpenClaw's order: `OPENCLAW_STATE_DIR`, then `.openclaw-<profile>` or `.openclaw` in
 * `OPENCLAW_HOME` or the home. Follows links, because a copy or a move needs the directory itself. The directory may be
 * absent.
 * @param launch arguments and environment of the gateway
 * @throws ReleasesError `home_unknown`, where that decides
 */
export function findStatePlace(launch: { args?: string[]; env: Record<string, string> }): StatePlace {
  const { env, args = [] } = launch;
  const home = () => expand(env.OPENCLAW_HOME?.trim() || '~', () => homeDirectory(env));
  const override = env.OPENCLAW_STATE_DIR?.trim();
  const directory = realPath(
    override ? expand(override, home) : defaultDirectory(home(), profileOf(args, env)),
  );
  const config = realPath(expand(env.OPENCLAW_CONFIG_PATH?.trim() || join(directory, CONFIG_FILE), home));
  return { directory, config: isWithin(config, directory) ? null : config };
}

/** Absolute path of the configuration file; inside the state directory it has its usual name. */
export function configPath(place: StatePlace): string {
  return place.config ?? join(place.directory, CONFIG_FILE);
}

/** Returns true when an absolute path lies below a directory, compared as text; the directory itself does not. */
export function isWithin(path: string, directory: string): boolean {
  const inside = relative(directory, path);
  return inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

function profileOf(args: string[], env: Record<string, string>): string {
  const at = args.findIndex((arg) => arg === '--profile' || arg.startsWith('--profile='));
  const given = args[at] === '--profile' ? args[at + 1] : args[at]?.slice('--profile='.length);
  const profile = given?.trim() || (args.includes('--dev') ? 'dev' : env.OPENCLAW_PROFILE?.trim()) || '';
  return PROFILE.test(profile) && profile.toLowerCase() !== 'default' ? profile : '';
}

function defaultDirectory(home: string, profile: string): string {
  if (profile !== '') return join(home, `.openclaw-${profile}`);
  const [current, legacy] = [join(home, '.openclaw'), join(home, LEGACY)];
  return existsSync(current) || !existsSync(legacy) ? current : legacy;
}

/** Replaces `~` by the home as OpenClaw does: a unit has no shell that expands it. */
function expand(path: string, home: () => string): string {
  return resolve(path.replace(/^~(?=$|\/)/, home));
}
