import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { type Scope, showUnit, splitPaths, type UnitProperties } from './systemctl.js';
import { readSettings, type UnitSettings, type Word } from './unit-file.js';

/** Drop-ins of ours, of whatever root, end like this. */
export const DROP_IN_SUFFIX = '-openclaw-releases.conf';

/** The gateway's unit as systemd knows it. */
export interface GatewayUnit {
  name: string;
  scope: Scope;
  /** The unit file itself. */
  path: string;
  /** All drop-ins, in the order in which they apply. */
  dropIns: string[];
  /** The command line of the unit without our drop-in: what `leave` returns to. */
  execStart: Word[];
  /** The command line in force, our drop-in included. */
  execStartNow: Word[];
  /** From `Environment=`, without our drop-in. */
  environment: Record<string, string>;
  /** `User=` of a system unit. */
  user: string | null;
  properties: UnitProperties;
}

/** A unit that is loaded and starts something, or null. */
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
  const me = userInfo();
  const common = {
    n: name,
    N: name.replace(/\.service$/, ''),
    p: basename(name, '.service').split('@')[0] ?? '',
  };
  // Of a system unit these are the manager's, root's, and not those of `User=`.
  if (scope === 'system') return { ...common, h: '/root', u: 'root', U: '0' };
  return {
    ...common,
    h: env.HOME || me.homedir,
    u: me.username,
    U: String(me.uid),
    t: env.XDG_RUNTIME_DIR ?? '',
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Removed since systemd last looked; `NeedDaemonReload` says so.
    return '';
  }
}
