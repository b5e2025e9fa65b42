import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import { askNode, type NodeProgram } from '../host/node-program.js';
import type { Scope } from '../host/systemd/systemctl.js';
import { findHome } from '../host/user.js';
import { readCommand } from './command.js';
import type { GatewayCommand } from './gateway-command.js';
import { type InstalledOpenClaw, openClawAround, openClawAt } from './package.js';
import { globalPackageDirectories } from './places.js';
import { findProgram, findPrograms } from './program.js';
import { defaultUnit, type GatewayUnit, readGatewayUnit } from './unit.js';

export interface FindRequest {
  /** Name of the unit; default is `openclaw-gateway.service`, or that of the profile. */
  unit?: string;
  /** Default is both, the user's first. */
  scope?: Scope;
  env?: NodeJS.ProcessEnv;
}

export interface Install {
  packageRoot: string;
  version: string;
  packageJson: Record<string, unknown>;
  /** The Node that the unit's program starts, else the first on the unit's or our search path, else our own. */
  node: NodeProgram;
  unit: GatewayUnit | null;
  command: GatewayCommand | null;
  others: { packageRoot: string; version: string }[];
}

/**
 * Finds the OpenClaw that this user runs: the one the unit starts, else the first `openclaw` on the search path, else
 * an install of a package manager. Changes nothing.
 * @throws ReleasesError `not_openclaw` when there is none, `supervisor_not_found` when the named unit does not exist,
 *   `command_unknown`, `node_unavailable`
 */
export async function findInstall(request: FindRequest = {}): Promise<Install> {
  const env = request.env ?? process.env;
  const unit = await findUnit(request, env);
  const command = unit && readCommand(unit, env);
  const searchPath = command?.searchPath ?? env.PATH ?? '';
  const started = command?.install;
  const [chosen, ...others] = distinct([...(started ? [started] : []), ...(await findPackages(env))]);
  if (!chosen) {
    throw new ReleasesError('not_openclaw', 'No installed OpenClaw was found.', {
      hint: 'openclaw-releases setup',
    });
  }
  const node = await findNode(command, unit, searchPath, env);
  const { root: packageRoot, version, packageJson } = chosen;
  return {
    ...{ packageRoot, version, packageJson, node, unit, command },
    others: others.map((other) => ({ packageRoot: other.root, version: other.version })),
  };
}

export async function findPackages(env: NodeJS.ProcessEnv): Promise<InstalledOpenClaw[]> {
  const onPath = findPrograms('openclaw', env.PATH ?? '').map(openClawAround);
  // A user without a home has no packages there; a container names `/` for it.
  const directories = await globalPackageDirectories(env, findHome(env) ?? '/');
  const installed = directories.map((directory) => openClawAt(join(directory, 'openclaw')));
  return distinct([...onPath, ...installed].filter((found) => found !== null));
}

function distinct(found: InstalledOpenClaw[]): InstalledOpenClaw[] {
  return [...new Map(found.map((one) => [one.root, one])).values()];
}

async function findUnit({ unit, scope }: FindRequest, env: NodeJS.ProcessEnv): Promise<GatewayUnit | null> {
  const name = unit ?? defaultUnit(env);
  const full = /\.\w+$/.test(name) ? name : `${name}.service`;
  for (const where of scope ? [scope] : (['user', 'system'] as const)) {
    const found = await readGatewayUnit({ unit: full, scope: where }, env);
    if (found) return found;
  }
  if (unit === undefined) return null;
  throw new ReleasesError(
    'supervisor_not_found',
    `systemd knows no unit ${full}${scope ? ` (${scope})` : ''}.`,
    { hint: 'systemctl --user list-unit-files "*openclaw*"; systemctl list-unit-files "*openclaw*"' },
  );
}

async function findNode(
  command: GatewayCommand | null,
  unit: GatewayUnit | null,
  searchPath: string,
  env: NodeJS.ProcessEnv,
): Promise<NodeProgram> {
  const named = command?.node ? findProgram(command.node, searchPath) : null;
  const path =
    named ?? findProgram('node', searchPath) ?? findProgram('node', env.PATH ?? '') ?? process.execPath;
  const home = findHome(env) ?? '/';
  // A shim chooses by these.
  const found = await askNode(path, {
    env: { HOME: home, ...unit?.own.environment, PATH: searchPath },
    cwd: existsSync(home) ? home : '/',
  });
  if (found) return found;
  throw new ReleasesError(
    'node_unavailable',
    `${path}, which the gateway runs on, does not say which Node it is.`,
    { hint: `${path} -p process.execPath` },
  );
}
