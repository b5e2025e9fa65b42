import { setTimeout as sleep } from 'node:timers/promises';
import { ReleasesError } from '../../core/errors.js';
import { identify, isAlive, type ProcessIdentity } from '../../host/process.js';
import type { RestartReport } from '../supervisor.js';
import { systemctl, typed, type UnitAddress } from './systemctl.js';
import { readUnit, type UnitStatus } from './unit.js';

const INTERVAL_MS = 100;
const STOP_LIMIT_MS = 60_000;
/** Before systemd's own limit, so that what is reported is what was done. */
const STOP_MARGIN_MS = 5_000;
const START_LIMIT_MS = 90_000;
const MARGIN_MS = 30_000;
/** Further starts of a unit that the restart left dead. */
const TRIES = 2;

/**
 * How long a stopping service is waited for, in milliseconds: at most a minute, and less than systemd itself
 * would wait, which is cut in half where it is very short.
 */
export function stopLimitOf({ stopLimitMs }: Pick<UnitStatus, 'stopLimitMs'>): number {
  return Math.min(STOP_LIMIT_MS, Math.max(stopLimitMs - STOP_MARGIN_MS, stopLimitMs / 2));
}

/**
 * Restarts a service by one job, which systemd carries through even when this process dies: a bare stop would
 * leave the service down, since `Restart=` does not apply to what was stopped on purpose. A drain beyond the stop
 * limit is cut, and a unit that ends up dead is started again. A stopped unit is started too.
 *
 * The user that a system unit runs as may not ask for a job. Where the unit is always restarted, ending its process
 * leads to the same.
 * @param limitMs milliseconds that the old processes get to end; `stopLimitOf` the unit by default
 * @throws ReleasesError `supervisor_not_found`, also when that systemd is shutting down, `supervisor_failed`,
 * `restart_failed`
 */
export async function restartUnit(address: UnitAddress, limitMs?: number): Promise<RestartReport> {
  const { scope, unit } = address;
  const before = await readUnit(address);
  const old = before.mainPid === null ? null : identify(before.mainPid);
  if (before.needsReload) await systemctl(scope, 'daemon-reload');
  // Otherwise systemd 257 does not stop it.
  if (before.isFrozen) await systemctl(scope, 'thaw', '--', unit);
  await clear(address);

  const startedAt = performance.now();
  const elapsed = () => Math.round(performance.now() - startedAt);
  // Refused for a unit that cannot be started any more, too; `readUnit` then says so, and what runs goes on.
  const queued = await systemctl(scope, 'restart', '--no-block', '--', unit);
  const refused = queued.ok ? null : await readUnit(address);
  const signalled = refused !== null && mayNotAsk(address, refused) && signal(old, 'SIGTERM');
  // In a crash loop there may be no process to end, or a newer one by now: that or the next try is all that is wanted.
  const isGone = !(old && isAlive(old));
  const isComing = refused !== null && mayNotAsk(address, refused) && isGone && !isDead(refused);
  if (!queued.ok && !signalled && !isComing)
    throw await failed(address, `systemd refused to restart ${unit}: ${queued.stderr}`);

  const stopLimitMs = limitMs ?? stopLimitOf(before);
  const deadlineMs = stopLimitMs + Math.min(before.startLimitMs, START_LIMIT_MS) + MARGIN_MS;
  let stopMs: number | null = null;
  let cut = false;
  let killed = false;
  for (let tries = 0; ; await sleep(INTERVAL_MS)) {
    const now = await readUnit(address);
    if (stopMs === null && !(old && isAlive(old))) stopMs = old ? elapsed() : 0;
    if (now.invocation !== null && now.invocation !== before.invocation && isStarted(now)) {
      const took = stopMs ?? elapsed();
      // Or systemd's own limit came first.
      return { stopMs: took, killed: killed || took >= before.stopLimitMs, instance: now.invocation };
    }
    const stopping = signalled && old ? isAlive(old) : now.activeState === 'deactivating';
    if (!cut && stopping && elapsed() >= stopLimitMs) {
      cut = true;
      killed = signalled ? signal(old, 'SIGKILL') : await kill(address, now);
    }
    if (isDead(now)) {
      if (tries++ >= TRIES) throw await failed(address, `${unit} was started and is ${describe(now)} again.`);
      await clear(address);
      await systemctl(scope, 'start', '--no-block', '--', unit);
    } else if (elapsed() >= deadlineMs) {
      throw await failed(
        address,
        `${unit} is still ${describe(now)} ${Math.round(elapsed() / 1_000)} s later.`,
      );
    }
  }
}

/**
 * Whether the new start has happened: a process is there, or was and is about to be started again. A job on an
 * active unit has yet to stop it, so that start was not ours.
 */
function isStarted({ activeState, subState, mainPid, hasJob }: UnitStatus): boolean {
  if (activeState === 'active') return mainPid !== null && !hasJob;
  return activeState === 'activating' && (mainPid !== null || (subState === 'auto-restart' && !hasJob));
}

function isDead({ activeState, subState, hasJob }: UnitStatus): boolean {
  const dead = activeState === 'failed' || activeState === 'inactive';
  return dead && !hasJob && !subState.endsWith('-before-auto-restart');
}

/**
 * Our own restarts count against `StartLimitBurst=` too. A unit that is not in memory has nothing to clear, which
 * systemctl calls a failure.
 */
async function clear({ scope, unit }: UnitAddress): Promise<void> {
  await systemctl(scope, 'reset-failed', '--', unit);
}

/**
 * Kills what systemd would kill at its own limit. Where that is the whole control group, the main process alone is not
 * enough: OpenClaw may run the real gateway below a thin parent.
 */
async function kill({ scope, unit }: UnitAddress, { killMode }: UnitStatus): Promise<boolean> {
  const whole = killMode === 'control-group' || killMode === 'mixed';
  // All is the default, and the option has the second name before systemd 252.
  for (const whom of whole ? [[]] : [['--kill-whom=main'], ['--kill-who=main']]) {
    if ((await systemctl(scope, 'kill', ...whom, '--signal=SIGKILL', '--', unit)).ok) return true;
  }
  return false;
}

/** Whether a refusal may be for want of rights, in a unit that systemd starts again by itself. */
function mayNotAsk({ scope }: UnitAddress, { restartsAlways }: UnitStatus): boolean {
  return scope === 'system' && process.getuid?.() !== 0 && restartsAlways;
}

/** False when there is no such process any more, or it is not ours. */
function signal(identity: ProcessIdentity | null, name: NodeJS.Signals): boolean {
  try {
    return identity !== null && isAlive(identity) && process.kill(identity.pid, name);
  } catch {
    return false;
  }
}

function describe({ activeState, subState, result }: UnitStatus): string {
  return `${activeState} (${result === 'success' ? subState : result})`;
}

/** In an orderly reboot the services are stopped, this process among them, and none can be started any more. */
async function failed({ scope, unit }: UnitAddress, sentence: string): Promise<ReleasesError> {
  const { stdout } = await systemctl(scope, 'is-system-running');
  if (stdout === 'stopping')
    return new ReleasesError('supervisor_not_found', `systemd is shutting down, so ${unit} is not started.`);
  const journal = scope === 'user' ? 'journalctl --user' : 'sudo journalctl';
  return new ReleasesError('restart_failed', sentence, {
    hint: [
      typed(scope, 'reset-failed', unit),
      typed(scope, 'restart', unit),
      `${journal} -n 50 -u ${unit}`,
    ].join('; '),
  });
}
