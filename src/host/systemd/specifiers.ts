import { hostname, release } from 'node:os';
import { dirname, join } from 'node:path';
import { textOf } from '../account.js';
import { bootId } from '../process.js';
import { findHome, userName } from '../user.js';
import type { UnitAddress } from './systemctl.js';

/** Values of specifiers (systemd.unit(5)); those that depend on the version of systemd are left out. */
export function specifiersOf(
  { unit, scope }: UnitAddress,
  path: string,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const stem = unit.replace(/\.\w+$/, '');
  const at = stem.indexOf('@');
  const prefix = at < 0 ? stem : stem.slice(0, at);
  const instance = at < 0 ? '' : stem.slice(at + 1);
  const last = prefix.slice(prefix.lastIndexOf('-') + 1);
  return {
    n: unit,
    N: stem,
    p: prefix,
    P: unescapeName(prefix),
    i: instance,
    I: unescapeName(instance),
    j: last,
    J: unescapeName(last),
    f: `/${unescapeName(instance || prefix)}`,
    y: path,
    Y: dirname(path),
    H: hostname(),
    l: hostname().split('.')[0] ?? '',
    m: textOf('/etc/machine-id').trim(),
    b: bootId().replaceAll('-', ''),
    v: release(),
    T: '/tmp',
    V: '/var/tmp',
    // System units expand these with the manager's values (root's), not those of `User=`.
    ...(scope === 'system' ? OF_SYSTEM : ofUser(env)),
  };
}

const OF_SYSTEM = {
  h: '/root',
  u: 'root',
  U: '0',
  g: 'root',
  G: '0',
  t: '/run',
  S: '/var/lib',
  C: '/var/cache',
  L: '/var/log',
  E: '/etc',
};

function ofUser(env: NodeJS.ProcessEnv): Record<string, string> {
  const home = findHome(env) ?? '';
  return {
    h: home,
    u: userName(),
    U: String(process.getuid?.()),
    G: String(process.getgid?.()),
    t: env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.()}`,
    C: env.XDG_CACHE_HOME || join(home, '.cache'),
    E: env.XDG_CONFIG_HOME || join(home, '.config'),
  };
}

function unescapeName(name: string): string {
  return name
    .replaceAll('-', '/')
    .replace(/\\x([0-9a-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
