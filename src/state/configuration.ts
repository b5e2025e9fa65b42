import { existsSync, realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import JSON5 from 'json5';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ifPossible } from '../core/if-possible.js';
import { member } from '../core/json.js';
import { findHome } from '../host/user.js';
import { configPath, isWithin, type StatePlace } from './place.js';

export interface Configuration {
  /** Release that wrote it last (`meta.lastTouchedVersion`), or null. */
  lastTouched: string | null;
  /** Agents' workspaces inside the state directory, relative to it. */
  workspaces: string[];
}

/**
 * Reads the configuration and ignores errors in it: OpenClaw reports those.
 * @param file a copy to read instead
 */
export function readConfiguration(place: StatePlace, file = configPath(place)): Configuration {
  const config = parse(file);
  const version = member(config, 'meta', 'lastTouchedVersion');
  const list = member(config, 'agents', 'list');
  const named = [member(config, 'agents', 'defaults'), ...(Array.isArray(list) ? list : [])]
    .map((agent) => member(agent, 'workspace'))
    .filter((workspace) => typeof workspace === 'string' && workspace !== '');
  return {
    lastTouched: typeof version === 'string' ? version : null,
    workspaces: [...new Set(named.flatMap((path) => inside(String(path), place.directory)))].sort(),
  };
}

function parse(file: string): unknown {
  return ifPossible(() => JSON5.parse(readPlainFile(file, LARGEST, { follow: true }).toString()));
}

function inside(workspace: string, directory: string): string[] {
  const path = resolve(workspace.replace(/^~(?=$|\/)/, (tilde) => findHome() ?? tilde));
  const found = existsSync(path) ? realpathSync(path) : path;
  return isWithin(found, directory) ? [relative(directory, found)] : [];
}
