import { ReleasesError } from '../../core/errors.js';
import type { Background } from '../../host/background.js';
import { environmentOf } from '../../host/process.js';
import { launchEnvironment } from '../builtin/launch.js';
import type { Inspection, Supervisor } from '../supervisor.js';
import { glanceAtUnit } from './cgroup.js';
import { controlGroupsOf } from './control-group.js';
import { restartUnit } from './restart.js';
import { idleScope } from './scope.js';
import type { UnitAddress } from './systemctl.js';
import { runBeside, scopeFor } from './transient-unit.js';
import { readUnit, stateOf, type UnitStatus } from './unit.js';

/** What systemd accepts, without a leading dash, which would be read as an option. */
const UNIT = /^[A-Za-z0-9_:.\\@][A-Za-z0-9_:.\\@-]{0,240}\.service$/;

export interface SystemdOptions extends UnitAddress {
  /** Milliseconds that a stopping gateway gets; by default a minute, or less where the unit says less. */
  stopLimitMs?: number;
}

/**
 * A service of systemd. `restart` starts one that was stopped on purpose, too: whether it should is for the caller
 * to decide, from `inspect`.
 * @throws ReleasesError `usage` for a name that no service can have
 */
export function systemdSupervisor(options: SystemdOptions): Supervisor {
  const { stopLimitMs, ...address } = options;
  requireServiceName(address.unit);
  return {
    kind: 'systemd',
    byHand: commandsFor(address),
    inspect: async () => inspectionOf(await readUnit(address)),
    glance: () => glanceAtUnit(address),
    restart: () => restartUnit(address, stopLimitMs),
    owns: async (pid) => isInside(pid, (await readUnit(address)).controlGroup),
    runOutside: (program) => runBeside(address, program),
    background: () => backgroundOf(address),
  };
}

function commandsFor({ scope, unit }: UnitAddress): Supervisor['byHand'] {
  const user = scope === 'user' ? ' --user' : '';
  return {
    restart: `systemctl${user} reset-failed ${unit}; systemctl${user} restart ${unit}`,
    log: `journalctl${user} --unit=${unit} --lines=50`,
  };
}

/** @throws ReleasesError `usage` */
export function requireServiceName(unit: string): void {
  if (UNIT.test(unit)) return;
  throw new ReleasesError('usage', `${JSON.stringify(unit)} is not the full name of a service.`, {
    hint: 'openclaw-gateway.service',
  });
}

function inspectionOf(status: UnitStatus): Inspection {
  const { mainPid, invocation, restarts, lastExit, args, environment } = status;
  return {
    state: stateOf(status),
    pid: mainPid,
    instance: mainPid === null ? null : invocation,
    restarts,
    lastExit,
    launch: { args, env: environmentFor(mainPid, environment) },
  };
}

/**
 * The process itself knows best: it also has what came from `EnvironmentFile=` and from the manager. Right after its
 * start it is not yet there to be asked.
 */
function environmentFor(pid: number | null, shown: Record<string, string>): Record<string, string> {
  return launchEnvironment({ ...shown, ...(pid === null ? {} : environmentOf(pid)) });
}

/** Whether a process is in a control group or below it. */
function isInside(pid: number, group: string): boolean {
  return group !== '' && controlGroupsOf(pid).some((path) => path === group || path.startsWith(`${group}/`));
}

function backgroundOf(address: UnitAddress): Background | null {
  try {
    return idleScope(scopeFor(address));
  } catch {
    // A user without a systemd of its own, beside a system unit.
    return null;
  }
}
