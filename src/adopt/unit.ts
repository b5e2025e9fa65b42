import { basename } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { findHome, userName } from '../host/user.js';
import { type Scope, showUnit, splitPaths, type UnitProperties } from './systemctl.js';
import { readSettings, type UnitSettings, type Word } from './unit-file.js';

/** Unit that `openclaw gateway install` makes. */
export const DEFAULT_UNIT = 'openclaw-gateway.service';

export const DROP_IN_SUFFIX = '-openclaw-releases.conf';

export interface GatewayUnit {
  name: string;
  scope: Scope;
  path: string;
  /** Paths in the order in which they apply, ours included. */
  dropIns: string[];
  /** Command line without our drop-in, which `unadopt` returns to. */
  execStart: Word[];
  execStartNow: Word[];
  environment: Record<string, string>;
  /** `User=` of a system unit. */
  user: string | null;
  properties: UnitProperties;
}

/** Reads a unit; null when systemd does not know it or it has no unit file. */
export async function readUnit(
  name: string,
  scope: Scope,
  env: NodeJS.ProcessEnv,
): Promise<GatewayUnit | null> {
  const properties = await showUnit(name, scope, env);
  const path = properties?.FragmentPath;
  if (!properties || !path) return null;
  const dropIns = splitPaths(properties.DropInPaths);
  const user = properties.User || null;
  const specifiers = specifiersOf(name, scope, env);
  const read = (paths: string[]): UnitSettings => readSettings(paths.map(textOf), specifiers);
  const own = read([path, ...dropIns.filter((dropIn) => !dropIn.endsWith(DROP_IN_SUFFIX))]);
  return {
    ...{ name, scope, path, dropIns, user, properties },
    execStart: own.execStart.at(-1) ?? [],
    execStartNow: read([path, ...dropIns]).execStart.at(-1) ?? [],
    environment: own.environment,
  };
}

function specifiersOf(name: string, scope: Scope, env: NodeJS.ProcessEnv): Record<string, string> {
  const common = {
    n: name,
    N: name.replace(/\.service$/, ''),
    p: basename(name, '.service').split('@')[0] ?? '',
  };
  // System units expand these with the manager's values (root's), not those of `User=`.
  if (scope === 'system') return { ...common, h: '/root', u: 'root', U: '0' };
  return {
    ...common,
    h: findHome(env) ?? '',
    u: userName(),
    U: String(process.getuid?.()),
    t: env.XDG_RUNTIME_DIR ?? '',
  };
}

function textOf(path: string): string {
  try {
    return readPlainFile(path, LARGEST, { follow: true }).toString();
  } catch {
    // Removed after systemd loaded it; `NeedDaemonReload` reports that.
    return '';
  }
}
