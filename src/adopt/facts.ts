import { existsSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ErrorRecord, ReleasesError, toErrorRecord } from '../core/errors.js';
import type { Corrupt } from '../core/record.js';
import { withoutSecrets } from '../core/secret-words.js';
import { lingers } from '../host/systemd/linger.js';
import type { Scope } from '../host/systemd/systemctl.js';
import { type Setting, settingsIn } from '../host/systemd/unit-file.js';
import type { OtherGateway } from '../openclaw/other-gateways.js';
import { missingPolicy } from '../openclaw/service-policy.js';
import { type Adoption, readAdoption } from './apply.js';
import { readCommand } from './command.js';
import { type Drift, findDrift } from './drift.js';
import { findPackages } from './install.js';
import { openClawAround } from './package.js';
import { planUnitChange } from './plan.js';
import { findProgram } from './program.js';
import type { Need } from './sandbox-needs.js';
import { DROP_IN_SUFFIX, type GatewayUnit, readGatewayUnit } from './unit.js';

export interface KnownElsewhere {
  /** Version that the running gateway reports; null when none runs or it reports none. */
  running: string | null;
  current: string | null;
  /** Id of the release on trial, possibly empty when its file is corrupt; null without a trial. */
  trial: string | null;
  activeChange: boolean;
  /** Work of the launcher that the sandbox of the running gateway forbids; null when none, or unknown. */
  unmet: Need | null;
  corrupt: Corrupt[];
  /** Other gateways that use the state of this one. */
  sharing: OtherGateway[];
}

export interface HostFacts extends KnownElsewhere {
  root: string;
  adoption: Adoption | null;
  unit: UnitFacts | null;
  /** The first `openclaw` on the search path; `ours` when it is this root's. */
  onPath: { path: string; version: string | null; ours: boolean } | null;
  installs: { packageRoot: string; version: string }[];
  /** True when this user's manager runs without a login; null when irrelevant or unknown. */
  lingering: boolean | null;
}

export interface UnitFacts {
  name: string;
  scope: Scope;
  needsReload: boolean;
  masked: boolean;
  broken: boolean;
  description: string;
  settings: Setting[];
  /** Settings that the current release asks for and the unit does not have. */
  missing: Setting[];
  /** Command line in force, without secrets. */
  starts: string;
  /** Paths of drop-ins that apply after ours. */
  later: string[];
  /** Our files that differ from a new adoption; or the refusal of one. */
  drift: Drift[] | ErrorRecord;
}

export interface GatherRequest extends KnownElsewhere {
  root: string;
  recover: string[];
  env?: NodeJS.ProcessEnv;
}

/** @throws ReleasesError `root_invalid` */
export async function gatherFacts(request: GatherRequest): Promise<HostFacts> {
  const { root, env = process.env, running, current, trial, activeChange, unmet, corrupt, sharing } = request;
  const adoption = readAdoption(root);
  const unit = adoption ? await readGatewayUnit(adoption, env) : null;
  const installs = await findPackages(env);
  return {
    ...{ root, running, current, trial, activeChange, unmet, corrupt, sharing, adoption },
    unit: unit && describe(unit, request, adoption?.added ?? []),
    onPath: firstOnPath(root, env.PATH ?? ''),
    installs: installs
      .filter((found) => !found.root.startsWith(join(realRoot(root), 'releases/')))
      .map((found) => ({ packageRoot: found.root, version: found.version })),
    lingering: adoption?.scope === 'user' ? lingers() : null,
  };
}

function describe(unit: GatewayUnit, request: GatherRequest, added: Setting[]): UnitFacts {
  const { name, scope, status } = unit;
  const names = unit.dropIns.map((path) => basename(path));
  const ours = names.findLastIndex((entry) => entry.endsWith(DROP_IN_SUFFIX));
  return {
    ...{ name, scope },
    needsReload: status.needsReload,
    masked: status.loadState === 'masked',
    broken: ['error', 'bad-setting'].includes(status.loadState),
    description: status.description,
    settings: settingsIn(unit.now),
    missing: request.current === null ? [] : missingPolicy(unit.now, request.current),
    starts: withoutSecrets(unit.now.commands.flatMap(({ words }) => words.map(({ value }) => value))),
    later: ours < 0 ? [] : unit.dropIns.slice(ours + 1),
    drift: driftOf(unit, request, added),
  };
}

function driftOf(unit: GatewayUnit, request: GatherRequest, added: Setting[]): Drift[] | ErrorRecord {
  const { root, recover, current, env = process.env } = request;
  try {
    const command = readCommand(unit, env);
    return findDrift(
      planUnitChange({
        install: { unit, command },
        root,
        recover,
        added,
        version: current ?? undefined,
        env,
      }),
    );
  } catch (error) {
    if (error instanceof ReleasesError) return toErrorRecord(error);
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
