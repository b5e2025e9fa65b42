import { basename } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import type { Scope, UnitAddress } from '../host/systemd/systemctl.js';
import { showUnit, type UnitStatus } from '../host/systemd/unit.js';
import { readSettings, type UnitSettings, type Word } from '../host/systemd/unit-file.js';
import { findHome, userName } from '../host/user.js';

/** Unit that `openclaw gateway install` makes. */
export const DEFAULT_UNIT = 'openclaw-gateway.service';

export const DROP_IN_SUFFIX = '-openclaw-releases.conf';

export interface GatewayUnit {
  name: string;
  scope: Scope;
  /** Paths in the order in which they apply, ours included. */
  dropIns: string[];
  /** Command line without our drop-in, which `unadopt` returns to. */
  execStart: Word[];
  execStartNow: Word[];
  environment: Record<string, string>;
  /** `User=` of a system unit. */
  user: string | null;
  status: Pick<UnitStatus, 'loadState' | 'description' | 'needsReload'>;
}

/**
 * Reads the unit of a gateway; null when systemd does not know it or it has no unit file.
 * @throws ReleasesError `supervisor_failed` when systemd does not answer
 */
export async function readGatewayUnit(
  address: UnitAddress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<GatewayUnit | null> {
  const status = await showIfThere(address);
  if (!status?.path) return null;
  const { path, dropIns } = status;
  const specifiers = specifiersOf(address, env);
  const read = (paths: string[]): UnitSettings => readSettings(paths.map(textOf), specifiers);
  const own = read([path, ...dropIns.filter((dropIn) => !dropIn.endsWith(DROP_IN_SUFFIX))]);
  return {
    name: address.unit,
    scope: address.scope,
    dropIns,
    execStart: own.execStart.at(-1) ?? [],
    execStartNow: read([path, ...dropIns]).execStart.at(-1) ?? [],
    environment: own.environment,
    user: status.user || null,
    status,
  };
}

async function showIfThere(address: UnitAddress): Promise<UnitStatus | null> {
  try {
    return await showUnit(address);
  } catch (error) {
    if (error instanceof ReleasesError && error.code === 'supervisor_not_found') return null;
    throw error;
  }
}

function specifiersOf({ unit, scope }: UnitAddress, env: NodeJS.ProcessEnv): Record<string, string> {
  const common = {
    n: unit,
    N: unit.replace(/\.service$/, ''),
    p: basename(unit, '.service').split('@')[0] ?? '',
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
