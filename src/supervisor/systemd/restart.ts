import { ReleasesError } from '../../core/errors.js';
import { identify, isAlive, type ProcessIdentity } from '../../host/process.js';
import { systemctl, typed, typedJournal, type UnitAddress } from '../../host/systemd/systemctl.js';
import { readUnit, type UnitStatus } from '../../host/systemd/unit.js';
import { waitUntil } from '../../host/wait.js';
import type { RestartReport } from '../supervisor.js';

const INTERVAL_MS = 100;
const STOP_LIMIT_MS = 60_000;
/** Margin before systemd's own limit, so that the report says what was done. */
const STOP_MARGIN_MS = 5_000;
const START_LIMIT_MS = 90_000;
const MARGIN_MS = 30_000;
/** Extra starts of a unit that is dead after the restart. */
const TRIES = 2;

/** Milliseconds to wait for a stop: at most a minute, and less than systemd's own limit (half of a very short one). */
export function stopLimitOf({ stopLimitMs }: Pick<UnitStatus, 'stopLimitMs'>): number {
  return Math.min(STOP_LIMIT_MS, Math.max(stopLimitMs - STOP_MARGIN_MS, stopLimitMs / 2));
}

/**
 * Restarts a service in one job, which systemd completes even when this process dies; a bare stop would leave it down,
 * since `Restart=` ignores a requested stop. Kills after the stop limit, and starts a dead or stopped unit.
 * The user of a system unit may not request a job. With `Restart=always`, ending its process has the same effect.
 * @param limitMs milliseconds for the old processes to end; `stopLimitOf` the unit by default
 * @throws ReleasesError `supervisor_not_found`, also when that systemd is shutting down, `supervisor_failed`,
 * `restart_failed`
 */
export async function restartUnit(address: UnitAddress, limitMs?: number): Promise<RestartReport> {
  const { scope, unit } = address;
  const before = await readUnit(address);
  const old = before.mainPid === null ? null : identify(before.mainPid);
  if (before.needsReload) await systemctl(scope, 'daemon-reload');
  // systemd 257 does not stop a frozen unit.
  if (before.isFrozen) await systemctl(scope, 'thaw', '--', unit);
  await clear(address);

  const startedAt = performance.now();
  const elapsed = () => Math.round(performance.now() - startedAt);
  // Refused also for a unit that cannot start any more: `readUnit` then reports that, and the gateway continues.
  const queued = await systemctl(scope, 'restart', '--no-block', '--', unit);
  const refused = queued.ok ? null : await readUnit(address);
  const signalled = refused !== null && mayNotAsk(address, refused) && signal(old, 'SIGTERM');
  // In a crash loop the old process may be gone already; then its replacement or the next try is enough.
  const isGone = !(old && isAlive(old));
  const isComing = refused !== null && mayNotAsk(address, refused) && isGone && !isDead(refused);
  if (!queued.ok && !signalled && !isComing)
    throw await failed(address, `systemd refused to restart ${unit}: ${queued.stderr}`);

  const stopLimitMs = limitMs ?? stopLimitOf(before);
  const deadlineMs = stopLimitMs + Math.min(before.startLimitMs, START_LIMIT_MS) + MARGIN_MS;
  let stopMs: number | null = null;
  let cut = false;
  let killed = false;
  let tries = 0;
  let now = before;
  const report = await waitUntil({ withinMs: deadlineMs, everyMs: INTERVAL_MS }, async () => {
    now = await readUnit(address);
    if (stopMs === null && !(old && isAlive(old))) stopMs = old ? elapsed() : 0;
    if (now.invocation !== null && now.invocation !== before.invocation && isStarted(now)) {
      const took = stopMs ?? elapsed();
      // systemd's own limit may have come first.
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
    }
    return null;
  });
  if (report) return report;
  throw await failed(address, `${unit} is still ${describe(now)} ${Math.round(elapsed() / 1_000)} s later.`);
}

/**
 * Returns true when the new process runs, or ended and waits for its automatic restart. A job on an active unit has not
 * stopped it yet, so that start is not ours.
 */
function isStarted({ activeState, subState, mainPid, hasJob }: UnitStatus): boolean {
  if (activeState === 'active') return mainPid !== null && !hasJob;
  return activeState === 'activating' && (mainPid !== null || (subState === 'auto-restart' && !hasJob));
}

function isDead({ activeState, subState, hasJob }: UnitStatus): boolean {
  const dead = activeState === 'failed' || activeState === 'inactive';
  return dead && !hasJob && !subState.endsWith('-before-auto-restart');
}

/** Our restarts count against `StartLimitBurst=` too. Ignores the failure for a unit not in memory. */
async function clear({ scope, unit }: UnitAddress): Promise<void> {
  await systemctl(scope, 'reset-failed', '--', unit);
}

/** Kills more than the main process where systemd would: OpenClaw may run the gateway below a thin parent. */
async function kill({ scope, unit }: UnitAddress, { killMode }: UnitStatus): Promise<boolean> {
  const whole = killMode === 'control-group' || killMode === 'mixed';
  // The default is all; before systemd 252 the option is `--kill-who`.
  for (const whom of whole ? [[]] : [['--kill-whom=main'], ['--kill-who=main']]) {
    if ((await systemctl(scope, 'kill', ...whom, '--signal=SIGKILL', '--', unit)).ok) return true;
  }
  return false;
}

/** Returns true when a refusal may mean missing rights and systemd restarts the unit automatically. */
function mayNotAsk({ scope }: UnitAddress, { restartsAlways }: UnitStatus): boolean {
  return scope === 'system' && process.getuid?.() !== 0 && restartsAlways;
}

/** False when the process is gone or not ours. */
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

/** Commands that start the unit again, also where it has failed too often. */
export function restartByHand({ scope, unit }: UnitAddress): string {
  return `${typed(scope, 'reset-failed', unit)}; ${typed(scope, 'restart', unit)}`;
}

/** An orderly reboot stops this process too, and systemd refuses new starts. */
async function failed({ scope, unit }: UnitAddress, sentence: string): Promise<ReleasesError> {
  const { stdout } = await systemctl(scope, 'is-system-running');
  if (stdout === 'stopping')
    return new ReleasesError('supervisor_not_found', `systemd is shutting down, so ${unit} is not started.`);
  return new ReleasesError('restart_failed', sentence, {
    hint: [restartByHand({ scope, unit }), typedJournal(scope, unit)].join('; '),
  });
}
