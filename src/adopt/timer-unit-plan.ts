import { ReleasesError } from '../core/errors.js';
import { nextRunJitter } from '../core/jitter.js';
import { limits } from '../host/systemd/limits.js';
import { askPrivileged, requirePrivilegedParent } from '../host/systemd/privileged.js';
import { type Scope, systemctl } from '../host/systemd/systemctl.js';
import type { PlannedFile } from '../host/written.js';
import { checkRegistryAddress } from '../registry/address.js';
import type { Root } from '../store/root.js';
import { readTimerState } from '../store/timer-state.js';
import { readSupervisorRecord } from '../supervisor/select.js';
import { companion, ownCommand, unitDirectory } from './plan.js';
import {
  applyTimer,
  type Host,
  readTimer,
  type SystemdHost,
  type TimerRecord,
  undoTimer,
} from './timer-unit-record.js';
import { planUnits, timerOf } from './timer-units.js';
import { defaultUnit } from './unit.js';

const HOUR_MS = 60 * 60_000;

export interface TimerChoice {
  system?: boolean;
  registry?: string | null;
}

export interface TimerPlan {
  host: Host;
  /** Empty where the superuser's process writes them. */
  writes: PlannedFile[];
}

export interface TimerUnitsRequest {
  root: string;
  scope: Scope;
  /** The gateway's unit. */
  unit: string;
  /** User of a system timer's service; null for the manager's own user. */
  user: string | null;
  registry: string | null;
  /** Milliseconds into the hour. */
  offsetMs: number;
}

/**
 * Plans a systemd timer for a gateway under systemd; the built-in supervisor checks without one.
 * @throws ReleasesError `usage`, `supervisor_not_found`, `supervisor_failed`, `root_invalid`
 */
export async function planTimer(
  root: Root,
  { system = false, registry = null }: TimerChoice,
  installId: string,
): Promise<TimerPlan> {
  if (registry !== null) checkRegistryAddress(registry);
  const gateway = readSupervisorRecord(root.path);
  if (!gateway && !system) return { host: { kind: 'builtin' }, writes: [] };
  const scope = system ? 'system' : 'user';
  const unit = gateway?.unit ?? defaultUnit();
  const host = timerHost(scope, unit);
  if (isPrivileged(host)) {
    requirePrivilegedParent();
    return { host, writes: [] };
  }
  const offsetMs = offsetOf(installId);
  return planTimerUnits({ root: root.path, scope, unit, user: null, registry, offsetMs });
}

/** @throws ReleasesError `usage`, `root_invalid`, `supervisor_not_found`, `supervisor_failed` */
export async function planTimerUnits(
  request: TimerUnitsRequest,
): Promise<{ host: SystemdHost; writes: PlannedFile[] }> {
  const { root, scope, unit, user, registry, offsetMs } = request;
  if (registry !== null) checkRegistryAddress(registry);
  const host = timerHost(scope, unit);
  const argv = ownCommand(root, 'timer', 'run', '--root', root);
  const writes = planUnits({
    ...{ root, directory: unitDirectory(scope, process.env), service: host.service, user },
    argv: [...argv, ...(registry === null ? [] : ['--registry', registry])],
    limits: limits(),
    systemd: await systemdVersion(scope),
    offsetMs,
  });
  return { host, writes };
}

export function timerHost(scope: Scope, unit: string): SystemdHost {
  return { kind: 'systemd', scope, service: companion('auto', unit) };
}

/** Milliseconds into the hour at which this host checks; fixed for a host, so that a fleet spreads its requests. */
export function offsetOf(installId: string): number {
  return nextRunJitter(installId, HOUR_MS);
}

/** Writes the units and starts the timer; the caller holds the lock. */
export async function installTimer(
  root: Root,
  { host, writes }: TimerPlan,
  registry: string | null,
): Promise<TimerRecord> {
  const record = applyTimer(root.path, host, writes, { registry });
  if (host.kind === 'builtin') return record;
  if (isPrivileged(host)) {
    const { installId } = readTimerState(root);
    await askPrivileged({ does: 'enable-timer', registry, offsetMs: offsetOf(installId) });
  } else await startTimer(host);
  return record;
}

/** Starts a timer whose units are written. */
export async function startTimer({ scope, service }: SystemdHost): Promise<void> {
  await systemctl(scope, 'daemon-reload');
  const started = await systemctl(scope, 'restart', '--', timerOf(service));
  if (started.ok) return;
  throw new ReleasesError('supervisor_failed', `systemd did not start the timer: ${started.stderr}`, {
    hint: `systemctl ${scope === 'user' ? '--user ' : ''}status ${timerOf(service)}`,
    untouched: 'The gateway was not touched.',
  });
}

/** Undoes `installTimer`; a run that has started finishes. */
export async function removeTimer(root: Root): Promise<TimerRecord | null> {
  const record = readTimer(root.path);
  if (!record) return null;
  const { host } = record;
  if (host.kind === 'builtin') undoTimer(root.path);
  else if (isPrivileged(host)) {
    await askPrivileged({ does: 'disable-timer' });
    undoTimer(root.path);
  } else await stopTimer(host, () => undoTimer(root.path));
  return record;
}

/** @param undo removes the units */
export async function stopTimer({ scope, service }: SystemdHost, undo: () => void): Promise<void> {
  await systemctl(scope, 'stop', '--', timerOf(service));
  // systemd keeps the time of the last run in a file, which would stay behind.
  await systemctl(scope, 'clean', '--what=state', '--', timerOf(service));
  undo();
  await systemctl(scope, 'daemon-reload');
}

/** True for units that only the superuser may write. */
function isPrivileged({ scope }: SystemdHost): boolean {
  return scope === 'system' && process.getuid?.() !== 0;
}

async function systemdVersion(scope: Scope): Promise<number | null> {
  const { stdout } = await systemctl(scope, '--version');
  const found = /^systemd (\d+)/.exec(stdout)?.[1];
  return found === undefined ? null : Number(found);
}
