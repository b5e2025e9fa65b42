import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type ErrorCode, ReleasesError } from '../core/errors.js';
import { cpuTicks, TICKS_PER_SECOND } from '../host/process.js';
import type { Context } from '../ledger/context.js';
import { listChanges } from '../ledger/ledger.js';
import type { Limits } from '../ledger/plan.js';
import { releaseOfProcess, runsProgram } from '../ledger/running-release.js';
import { budgetFrom, ProgressDeadline } from '../openclaw/deadline.js';
import { findEndpoint } from '../openclaw/endpoint.js';
import { type Health, sampleHealth, worsened } from '../openclaw/health.js';
import { readRestore } from '../state/restore-records.js';
import { findManifest, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Inspection } from '../supervisor/supervisor.js';
import { checkListener } from './port-holder.js';

const POLL_MS = 250;

/** Milliseconds without any progress after which a start has failed. */
const STALL_MS = 30_000;

/** Share of one processor below which a process counts as idle: our polling also costs it some time. */
const BUSY_SHARE = 0.2;

export interface Expectation {
  /** Null for a gateway that is not from this root (before adoption): any release and version is then accepted. */
  release: string | null;
  /** The start that must stay the running one; null for any. */
  instance: string | null;
  before: Health | null;
  /** False on the way back to a gateway that was not ready before. */
  mustBeReady: boolean;
  settleMs: number;
  limits: Limits;
}

/** Times of the first live and the first ready answer, in milliseconds since the epoch. */
export interface Verified {
  liveAt: number;
  readyAt: number;
  health: Health;
}

/**
 * Waits until the gateway is verified: a new process, from the release's own directory, that owns its port, is healthy,
 * ready and not worse than before, and stays so while it settles. A fault that cannot improve (a crash, a wrong
 * version) fails at once; others get time while the process makes progress.
 * @throws ReleasesError `gateway_crashed`, `wrong_release`, `wrong_version`, `port_held_by_orphan`,
 *   `gateway_not_ready`, `gateway_worse`, `interrupted`
 */
export async function awaitVerified(context: Context, expected: Expectation): Promise<Verified> {
  const { root, supervisor, signal } = context;
  // A rollback must not fail because the manifest is corrupt.
  const version = expected.release === null ? null : (findManifest(root, expected.release)?.version ?? null);
  const limits = budgetFrom(earlierStarts(root), {
    floorMs: expected.limits.readyFloorMs,
    ceilingMs: expected.limits.readyCeilingMs,
  });
  const stallMs = Math.min(STALL_MS, limits.floorMs);
  const deadline = new ProgressDeadline({ ...limits, stallMs });
  let liveAt: number | null = null;
  let readyAt: { waited: number; at: number } | null = null;
  for (;;) {
    signal.throwIfAborted();
    const inspection = await supervisor.inspect();
    checkProcess(root, inspection, expected);
    const endpoint = findEndpoint(inspection.launch);
    const health = await sampleHealth(endpoint);
    checkVersion(health, version);
    if (health.answered) await checkListener(endpoint, supervisor);
    // Two clocks: durations need a monotonic clock, because the wall clock can be set meanwhile.
    const now = performance.now();
    if (health.live) liveAt ??= Date.now();
    const worse = expected.before ? worsened(expected.before, health) : [];
    const isWell = health.live && (health.ready || !expected.mustBeReady) && worse.length === 0;
    // Subject to the deadline, too: a healthy gateway on another Node would otherwise wait forever.
    const good = isWell && startedFrom(root, inspection, expected);
    const restoring = readRestore(root) === null ? '' : `restoring ${Math.floor(now / stallMs)}`;
    deadline.observe(now, restoring + signature(health, inspection.pid, stallMs));
    if (!good) {
      readyAt = null;
      const verdict = deadline.verdict(now);
      if (verdict.state !== 'waiting') {
        // A process that ended between the two inspections crashed, even if its port answered before.
        checkProcess(root, await supervisor.inspect(), expected);
        throw isWell ? wrongProgram(expected, verdict.waitedMs) : tooLate(health, worse, verdict.waitedMs);
      }
      context.progress(isWell ? 'not run by its own Node' : describe(health));
    } else {
      readyAt ??= { waited: now, at: Date.now() };
      const settledMs = now - readyAt.waited;
      if (settledMs >= expected.settleMs) {
        return { liveAt: liveAt ?? readyAt.at, readyAt: readyAt.at, health };
      }
      context.progress('settling', settledMs, expected.settleMs);
    }
    await setTimeout(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function checkProcess(root: Root, inspection: Inspection, expected: Expectation): void {
  const { pid, instance, state, lastExit } = inspection;
  if (pid === null || state !== 'running' || (expected.instance !== null && instance !== expected.instance)) {
    const how = lastExit ? ` (${lastExit.signal ?? `exit code ${lastExit.code}`})` : '';
    throw fault(
      'gateway_crashed',
      `The gateway${expected.release === null ? '' : ` of ${expected.release}`} exited${how}.`,
    );
  }
  const release = releaseOfProcess(root, pid);
  if (expected.release !== null && release !== null && release !== expected.release) {
    throw fault(
      'wrong_release',
      `The gateway that was started runs from ${release}, not from ${expected.release}.`,
    );
  }
}

/** Rule 2, read from the kernel. False during the launcher's first moments, before it becomes the gateway. */
function startedFrom(root: Root, inspection: Inspection, expected: Expectation): boolean {
  const { pid } = inspection;
  if (expected.release === null) return true;
  if (pid === null || releaseOfProcess(root, pid) !== expected.release) return false;
  return runsProgram(pid, join(releaseDirectory(root, expected.release), 'node'));
}

function checkVersion(health: Health, version: string | null): void {
  if (version === null || health.version === null || health.version === version) return;
  throw fault('wrong_version', `The gateway says that it is ${health.version}, not ${version}.`);
}

/** Text that changes while the process makes progress, in its answers or its processor time. */
function signature(health: Health, pid: number | null, stallMs: number): string {
  const step = Math.max(1, (stallMs / 1000) * TICKS_PER_SECOND * BUSY_SHARE);
  const busy = pid === null ? 0 : Math.floor(cpuTicks(pid) / step);
  return JSON.stringify([health.answered, health.live, health.phase, health.failing, busy]);
}

function tooLate(health: Health, worse: string[], waitedMs: number): ReleasesError {
  const after = `after ${Math.round(waitedMs / 1000)} s`;
  if (health.ready && worse.length > 0) {
    return fault('gateway_worse', `What worked before does not work ${after}: ${worse.join(', ')}.`);
  }
  return fault('gateway_not_ready', `The gateway is ${describe(health)} ${after}, and does not get on.`);
}

function wrongProgram({ release }: Expectation, waitedMs: number): ReleasesError {
  return fault(
    'wrong_release',
    `The gateway is healthy and not run by the Node of ${release} after ${Math.round(waitedMs / 1000)} s.`,
  );
}

function describe(health: Health): string {
  if (!health.answered) return 'not answering';
  if (!health.live) return 'not live';
  return health.failing.length > 0 ? `not ready: ${health.failing.join(', ')}` : 'not ready';
}

function fault(code: ErrorCode, message: string): ReleasesError {
  return new ReleasesError(code, message, { hint: 'openclaw-releases history --json' });
}

function earlierStarts(root: Root): number[] {
  return listChanges(root).flatMap(({ status, facts }) =>
    status === 'package_updated_restart_verified' && facts.readyMs !== undefined ? [facts.readyMs] : [],
  );
}
