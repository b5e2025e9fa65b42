import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Where a gateway keeps its state. */
export interface StatePlace {
  /** Real path of the state directory. */
  directory: string;
  /** Real path of the configuration file when it lies outside of that directory, else null. */
  config: string | null;
}

/** The paths of the root that kept states need; `Root` of the store has them all. */
export interface RootPlace {
  path: string;
  states: string;
  staging: string;
}

export const CONFIG_FILE = 'openclaw.json';
/** What the state directory was called before, in the order in which OpenClaw looks for it. */
const LEGACY = '.clawdbot';
const PROFILE = /^[A-Za-z0-9_-]+$/;

/**
 * Where the gateway that is started so keeps its state, in OpenClaw's own order: `OPENCLAW_STATE_DIR`, then
 * `.openclaw-<profile>` or `.openclaw` in `OPENCLAW_HOME` or the home. Links are followed: what is copied and moved
 * must be the directory itself. A directory that is not there yet is named all the same.
 * @param launch what the gateway is started with
 */
export function findStatePlace(launch: { args?: string[]; env: Record<string, string> }): StatePlace {
  const { env, args = [] } = launch;
  const home = expand(env.OPENCLAW_HOME?.trim() || '~', env.HOME || homedir());
  const override = env.OPENCLAW_STATE_DIR?.trim();
  const directory = real(override ? expand(override, home) : defaultDirectory(home, profileOf(args, env)));
  const config = real(expand(env.OPENCLAW_CONFIG_PATH?.trim() || join(directory, CONFIG_FILE), home));
  return { directory, config: isWithin(config, directory) ? null : config };
}

/** The configuration file of a place, absolute; in the state directory it is taken to have its usual name. */
export function configPath(place: StatePlace): string {
  return place.config ?? join(place.directory, CONFIG_FILE);
}

/** Whether an absolute path is below a directory, by its spelling alone; the directory itself is not. */
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

/** `~` is what OpenClaw takes for the home in such variables, since no shell has expanded it in a unit. */
function expand(path: string, home: string): string {
  return resolve(path.replace(/^~(?=$|\/)/, () => home));
}

/** With the links of whatever part of it is there. */
function real(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(real(parent), basename(path));
}
