import { statSync } from 'node:fs';
import { ReleasesError } from '../core/errors.js';
import { nextRunJitter } from '../core/jitter.js';
import { ownFile } from '../core/own-files.js';
import type { PlannedFile } from '../host/written.js';
import { checkRegistryAddress } from '../registry/address.js';
import type { Root } from '../store/root.js';
import { readSupervisorRecord } from '../supervisor/select.js';
import { limits } from '../supervisor/systemd/limits.js';
import { systemctl } from '../supervisor/systemd/systemctl.js';
import { companion, unitDirectory } from './plan.js';
import { applyTimer, type Host, readTimer, type TimerRecord, undoTimer } from './timer-unit-record.js';
import { planUnits, timerOf } from './timer-units.js';

const CLI = ownFile('dist/cli/main.cjs');
const HOUR_MS = 60 * 60_000;

export interface TimerChoice {
  system?: boolean;
  registry?: string | null;
}

export interface TimerPlan {
  host: Host;
  writes: PlannedFile[];
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
  if (system && process.getuid?.() !== 0) {
    throw new ReleasesError('usage', 'A timer of the system is for root to enable.', {
      hint: 'openclaw-releases timer enable, or the same with sudo',
      untouched: 'Nothing was changed.',
    });
  }
  const scope = system ? 'system' : 'user';
  const service = companion('auto', gateway?.unit ?? 'openclaw-gateway.service');
  const owner = statSync(root.path, { throwIfNoEntry: false })?.uid ?? 0;
  const argv = [process.execPath, CLI, 'timer', 'run', '--root', root.path];
  const writes = planUnits({
    ...{ root: root.path, directory: unitDirectory(scope, process.env), service },
    user: scope === 'system' && owner !== 0 ? String(owner) : null,
    argv: [...argv, ...(registry === null ? [] : ['--registry', registry])],
    limits: limits(),
    systemd: await systemdVersion(scope),
    offsetMs: offsetOf(installId),
  });
  return { host: { kind: 'systemd', scope, service }, writes };
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
  await systemctl(host.scope, 'daemon-reload');
  const started = await systemctl(host.scope, 'restart', '--', timerOf(host.service));
  if (started.ok) return record;
  throw new ReleasesError('supervisor_failed', `systemd did not start the timer: ${started.stderr}`, {
    hint: `systemctl ${host.scope === 'user' ? '--user ' : ''}status ${timerOf(host.service)}`,
    untouched: 'The gateway was not touched.',
  });
}

/** Undoes `installTimer`; a run that has started finishes. */
export async function removeTimer(root: Root): Promise<TimerRecord | null> {
  const record = readTimer(root.path);
  if (!record) return null;
  const { host } = record;
  if (host.kind === 'systemd') {
    await systemctl(host.scope, 'stop', '--', timerOf(host.service));
    // systemd keeps the time of the last run in a file, which would stay behind.
    await systemctl(host.scope, 'clean', '--what=state', '--', timerOf(host.service));
  }
  undoTimer(root.path);
  if (host.kind === 'systemd') await systemctl(host.scope, 'daemon-reload');
  return record;
}

async function systemdVersion(scope: 'user' | 'system'): Promise<number | null> {
  const { stdout } = await systemctl(scope, '--version');
  const found = /^systemd (\d+)/.exec(stdout)?.[1];
  return found === undefined ? null : Number(found);
}
