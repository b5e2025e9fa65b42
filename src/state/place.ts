import { isAbsolute, join, relative, sep } from 'node:path';
import type { AbsolutePath, PathBelow } from '../core/scalars.js';
import { CONFIG_FILE, type Launch, placeOf } from '../host/place.js';

export interface StatePlace {
  /** Real path of the state directory. */
  directory: AbsolutePath;
  /** Real path of the configuration file when it lies outside of `directory`, else null. */
  config: AbsolutePath | null;
  /** Its path in `directory`, where it has another than the usual name there. */
  inside?: PathBelow;
}

export interface RootPlace {
  path: string;
  states: string;
  staging: string;
}

/**
 * Finds the state of a gateway, as OpenClaw does. The directory may be absent.
 * @param launch arguments and environment of the gateway
 * @throws ReleasesError `home_unknown`, where that decides
 */
export function findStatePlace(launch: Partial<Launch> & Pick<Launch, 'env'>): StatePlace {
  const { directory, config } = placeOf(launch);
  if (!isWithin(config, directory)) return { directory, config };
  const inside = relative(directory, config);
  return { directory, config: null, ...(inside !== CONFIG_FILE && { inside }) };
}

/** Absolute path of the configuration file. */
export function configPath({ directory, config, inside = CONFIG_FILE }: StatePlace): string {
  return config ?? join(directory, inside);
}

/** Returns true for a path in the state directory that is the configuration, a link to it, or a directory above it. */
export function isOfConfig({ config, inside = CONFIG_FILE }: StatePlace, path: string): boolean {
  return config === null && (path === CONFIG_FILE || path === inside || isWithin(inside, path));
}

/** Returns true when an absolute path lies below a directory, compared as text; the directory itself does not. */
export function isWithin(path: string, directory: string): boolean {
  const inside = relative(directory, path);
  return inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}
