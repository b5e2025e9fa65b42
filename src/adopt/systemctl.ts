import { existsSync } from 'node:fs';
import { execa } from 'execa';

export type Scope = 'user' | 'system';

/** What `systemctl show` says about a unit, by the names of its properties. */
export type UnitProperties = Record<string, string>;

const PROPERTIES = [
  ...['LoadState', 'ActiveState', 'SubState', 'Result', 'UnitFileState', 'NeedDaemonReload', 'Description'],
  ...['FragmentPath', 'DropInPaths', 'MainPID', 'User'],
];

const TIMEOUT_MS = 15_000;

/** An environment in which `systemctl --user` finds its manager, also where a service or `su` left out the bus. */
export function systemdEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const runtime = `/run/user/${process.getuid?.() ?? 0}`;
  if (env.XDG_RUNTIME_DIR || !existsSync(runtime)) return env;
  return { ...env, XDG_RUNTIME_DIR: runtime };
}

/** Asks systemd about a unit; null where there is no systemd, no manager of this scope, or no such unit. */
export async function showUnit(
  unit: string,
  scope: Scope,
  env: NodeJS.ProcessEnv = process.env,
): Promise<UnitProperties | null> {
  const result = await execa(
    'systemctl',
    [`--${scope}`, 'show', `--property=${PROPERTIES.join(',')}`, '--', unit],
    {
      env: { ...systemdEnvironment(env), LC_ALL: 'C' },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      timeout: TIMEOUT_MS,
    },
  );
  if (result.failed) return null;
  const properties: UnitProperties = {};
  for (const line of result.stdout.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) properties[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return properties.LoadState === 'not-found' ? null : properties;
}

/** The paths of a list like `DropInPaths`; each begins with a slash, so a space inside a name does not end one. */
export function splitPaths(list: string | undefined): string[] {
  return (list ?? '').split(/ (?=\/)/).filter(Boolean);
}
