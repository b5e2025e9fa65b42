import { existsSync } from 'node:fs';
import { execa } from 'execa';

export type Scope = 'user' | 'system';

export type UnitProperties = Record<string, string>;

const PROPERTIES = [
  ...['LoadState', 'ActiveState', 'SubState', 'Result', 'UnitFileState', 'NeedDaemonReload', 'Description'],
  ...['FragmentPath', 'DropInPaths', 'MainPID', 'User'],
];

const TIMEOUT_MS = 15_000;

/** Adds `XDG_RUNTIME_DIR`, so that `systemctl --user` finds its manager in a service or after `su`. */
function systemdEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const runtime = `/run/user/${process.getuid?.() ?? 0}`;
  if (env.XDG_RUNTIME_DIR || !existsSync(runtime)) return env;
  return { ...env, XDG_RUNTIME_DIR: runtime };
}

/** Asks systemd about a unit; null without systemd, without a manager of this scope, or without the unit. */
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

/** Splits a list such as `DropInPaths` before each slash, because names may contain spaces. */
export function splitPaths(list: string | undefined): string[] {
  return (list ?? '').split(/ (?=\/)/).filter(Boolean);
}
