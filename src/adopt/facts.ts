import { existsSync, realpathSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { ReleasesError } from '../core/errors.js';
import type { Corrupt } from '../core/record.js';
import { type Adoption, readAdoption } from './apply.js';
import { findProgram, readCommand } from './command.js';
import { type Drift, findDrift } from './drift.js';
import { findPackages } from './install.js';
import { openClawAround } from './package.js';
import { planUnitChange } from './plan.js';
import type { Scope } from './systemctl.js';
import { DROP_IN_SUFFIX, type GatewayUnit, readUnit } from './unit.js';

/** What the other rooms know, for `doctor` to compare. */
export interface KnownElsewhere {
  /** The version that the running gateway says it is; null when none runs or it does not say. */
  running: string | null;
  /** The version of the current release; null when there is none. */
  current: string | null;
  /** The release on trial, or null. */
  trial: string | null;
  changeUnderWay: boolean;
  /** Files of the root that cannot be understood. */
  corrupt: Corrupt[];
}

/** Everything that `doctor` judges by; plain data. */
export interface HostFacts extends KnownElsewhere {
  root: string;
  adoption: Adoption | null;
  unit: UnitFacts | null;
  /** The first `openclaw` on the search path, and whether it is this root's; null when there is none. */
  onPath: { path: string; version: string | null; ours: boolean } | null;
  /** Installs of OpenClaw that are not releases. */
  installs: { packageRoot: string; version: string }[];
  /** Whether this user's manager runs without a login; null where that does not matter or cannot be known. */
  lingering: boolean | null;
}

export interface UnitFacts {
  name: string;
  scope: Scope;
  needsReload: boolean;
  masked: boolean;
  /** systemd can make no sense of its files. */
  broken: boolean;
  description: string;
  /** The program that the unit starts now. */
  starts: string | null;
  /** Drop-ins that apply after ours, by their paths. */
  later: string[];
  /** Files of ours that differ from what adopting would write now; null when it cannot be planned for this unit. */
  drift: Drift[] | null;
}

export interface GatherRequest extends KnownElsewhere {
  root: string;
  /** As for `planUnitChange`. */
  recover: string[];
  env?: NodeJS.ProcessEnv;
}

/**
 * Looks at the host. Changes nothing.
 * @throws ReleasesError `root_invalid`
 */
export async function gatherFacts(request: GatherRequest): Promise<HostFacts> {
  const { root, recover, env = process.env, running, current, trial, changeUnderWay, corrupt } = request;
  const adoption = readAdoption(root);
  const unit = adoption ? await readUnit(adoption.unit, adoption.scope, env) : null;
  const installs = await findPackages(env);
  return {
    ...{ root, running, current, trial, changeUnderWay, corrupt, adoption },
    unit: unit && describe(unit, root, recover, env),
    onPath: firstOnPath(root, env.PATH ?? ''),
    installs: installs
      .filter((found) => !found.root.startsWith(join(realRoot(root), 'releases/')))
      .map((found) => ({ packageRoot: found.root, version: found.version })),
    lingering: adoption?.scope === 'user' ? lingers() : null,
  };
}

function describe(unit: GatewayUnit, root: string, recover: string[], env: NodeJS.ProcessEnv): UnitFacts {
  const { name, scope, properties } = unit;
  const names = unit.dropIns.map((path) => basename(path));
  const ours = names.findLastIndex((entry) => entry.endsWith(DROP_IN_SUFFIX));
  return {
    ...{ name, scope },
    needsReload: properties.NeedDaemonReload === 'yes',
    masked: properties.LoadState === 'masked',
    broken: ['error', 'bad-setting'].includes(properties.LoadState ?? ''),
    description: properties.Description ?? '',
    starts: unit.execStartNow[0]?.value ?? null,
    later: ours < 0 ? [] : unit.dropIns.slice(ours + 1),
    drift: driftOf(unit, root, recover, env),
  };
}

function driftOf(unit: GatewayUnit, root: string, recover: string[], env: NodeJS.ProcessEnv): Drift[] | null {
  const command = readCommand(unit.execStart, unit.environment.PATH || env.PATH || '');
  try {
    return findDrift(planUnitChange({ install: { unit, command }, root, recover, env }));
  } catch (error) {
    if (error instanceof ReleasesError) return null;
    throw error;
  }
}

function firstOnPath(root: string, searchPath: string): HostFacts['onPath'] {
  const path = findProgram('openclaw', searchPath);
  if (!path) return null;
  const ours = realpathSync(path) === join(realRoot(root), 'bin/openclaw');
  return { path, ours, version: ours ? null : (openClawAround(path)?.version ?? null) };
}

function realRoot(root: string): string {
  return existsSync(root) ? realpathSync(root) : root;
}

function lingers(): boolean | null {
  // What `loginctl enable-linger` makes; without logind nothing keeps a record.
  if (!existsSync('/run/systemd/users')) return null;
  return existsSync(join('/var/lib/systemd/linger', userInfo().username));
}
