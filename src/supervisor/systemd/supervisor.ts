import { ReleasesError } from '../../core/errors.js';
import type { Background } from '../../host/background.js';
import { gatewayAmong } from '../../host/gateway-process.js';
import { descendantsOf, environmentOf } from '../../host/process.js';
import { controlGroupsOf } from '../../host/systemd/control-group.js';
import { idleScope } from '../../host/systemd/scope.js';
import { typedJournal, type UnitAddress } from '../../host/systemd/systemctl.js';
import { endsWithSession, runBeside, scopeFor } from '../../host/systemd/transient-unit.js';
import { readUnit, type UnitStatus } from '../../host/systemd/unit.js';
import { launchEnvironment } from '../builtin/launch.js';
import type { Inspection, Supervisor } from '../supervisor.js';
import { glanceAtUnit } from './glance.js';
import { restartByHand, restartUnit } from './restart.js';

/** Names that systemd accepts, without a leading dash, which would be an option. */
const UNIT = /^[A-Za-z0-9_:.\\@][A-Za-z0-9_:.\\@-]{0,240}\.service$/;

export interface SystemdOptions extends UnitAddress {
  /** Milliseconds for a stop; `stopLimitOf` the unit by default. */
  stopLimitMs?: number;
}

/** Its `restart` also starts a service stopped on purpose; the caller decides. @throws ReleasesError `usage` */
export function systemdSupervisor(options: SystemdOptions): Supervisor {
  const { stopLimitMs, ...address } = options;
  requireServiceName(address.unit);
  return {
    kind: 'systemd',
    byHand: { restart: restartByHand(address), log: typedJournal(address.scope, address.unit) },
    inspect: async () => inspectionOf(await readUnit(address)),
    peek: () => glanceAtUnit(address),
    restart: () => restartUnit(address, stopLimitMs),
    owns: async (pid) => isInside(pid, (await readUnit(address)).controlGroup),
    runOutside: (program) => runBeside(address, program),
    background: () => backgroundOf(address),
    // Loaded late: `list` and `status` never read it.
    readLog: async (lines) => (await import('../../host/systemd/journal.js')).readJournal(address, lines),
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
  const below = () => (mainPid === null ? [] : descendantsOf(mainPid));
  const pid = mainPid === null ? null : gatewayAmong(mainPid, below);
  return {
    state: stateOf(status),
    pid,
    instance: mainPid === null ? null : invocation,
    restarts,
    lastExit,
    launch: { args, env: environmentFor(pid, environment) },
  };
}

function stateOf(status: UnitStatus): Inspection['state'] {
  if (status.mainPid !== null) return 'running';
  // Also while it stops: a start follows, or one of the two states below.
  if (status.hasJob || /ing$/.test(status.activeState)) return 'waiting';
  // systemd 254 and later pass through these before auto-restart.
  if (status.subState.endsWith('-before-auto-restart')) return 'waiting';
  return status.activeState === 'failed' ? 'failed' : 'stopped';
}

/** The process also has the variables of `EnvironmentFile=` and the manager, but not right after its start. */
function environmentFor(pid: number | null, shown: Record<string, string>): Record<string, string> {
  return launchEnvironment({ ...shown, ...(pid === null ? {} : environmentOf(pid)) });
}

function isInside(pid: number, group: string): boolean {
  return group !== '' && controlGroupsOf(pid).some((path) => path === group || path.startsWith(`${group}/`));
}

function backgroundOf(address: UnitAddress): Background | null {
  const scope = scopeFor(address);
  if (endsWithSession(address)) return null;
  try {
    return idleScope(scope);
  } catch {
    // The user of a system unit may have no systemd of its own.
    return null;
  }
}
