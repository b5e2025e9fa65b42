import { isAbsolute, join, relative, sep } from 'node:path';
import type { AbsolutePath } from '../core/scalars.js';
import { CONFIG_FILE, type Launch, placeOf } from '../host/place.js';

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

/**
 * Finds the state of a gateway, as OpenClaw does. The directory may be absent.
 * @param launch arguments and environment of the gateway
 * @throws ReleasesError `home_unknown`, where that decides
 */
export function findStatePlace(launch: Partial<Launch> & Pick<Launch, 'env'>): StatePlace {
  const { directory, config } = placeOf(launch);
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
