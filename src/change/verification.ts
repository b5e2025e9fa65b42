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
import { readRestore } from '../state/restore-request.js';
import { findManifest, releaseDirectory } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Inspection } from '../supervisor/supervisor.js';
import { checkListener } from './port-holder.js';

const POLL_MS = 250;

/** A process that does nothing at all for this long is not on its way to anything. */
const STALL_MS = 30_000;

/** A process that uses less than this share of a processor is idle, not starting: polling it costs it some, too. */
const BUSY_SHARE = 0.2;

export interface Expectation {
  /** Null for a gateway that is none of this root's, as before it was adopted: then any release and version will do. */
  release: string | null;
  /** The start that must be the one that runs, throughout. */
  instance: string | null;
  /** What worked before; null where nothing is known. */
  before: Health | null;
  /** Whether it must answer that it is ready; a gateway that was not before need not be after going back. */
  mustBeReady: boolean;
  settleMs: number;
  limits: Limits;
}

/** When the new process first answered that it is live and that it is ready: milliseconds since the epoch. */
export interface Verified {
  liveAt: number;
  readyAt: number;
  health: Health;
}

/**
 * Waits until the gateway is verified by all five rules of "verified": another process than before, from the
 * release's own directory, owning its port, healthy and ready and no worse than before, and still so after the
 * settling time. What can only get worse (a crash, another version) fails at once; the rest is given time for as
 * long as the process advances.
 * @throws ReleasesError `gateway_crashed`, `wrong_release`, `wrong_version`, `port_held_by_orphan`,
 * `gateway_not_ready`, `gateway_worse`, `interrupted`
 */
export async function awaitVerified(context: Context, expected: Expectation): Promise<Verified> {
  const { root, supervisor, signal } = context;
  // What is gone back to is started whether its manifest can be understood or not.
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
    // Two clocks: waiting must not be fooled by one that is set meanwhile.
    const now = performance.now();
    if (health.live) liveAt ??= Date.now();
    const worse = expected.before ? worsened(expected.before, health) : [];
    const isWell = health.live && (health.ready || !expected.mustBeReady) && worse.length === 0;
    // Part of what has a deadline: a gateway on another Node would be waited for without an end.
    const good = isWell && startedFrom(root, inspection, expected);
    const restoring = readRestore(root) === null ? '' : `restoring ${Math.floor(now / stallMs)}`;
    deadline.observe(now, restoring + signature(health, inspection.pid, stallMs));
    if (!good) {
      readyAt = null;
      const verdict = deadline.verdict(now);
      if (verdict.state !== 'waiting') {
        // A process that ended between the two looks is a crash, whatever its port said last.
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
      `The gateway${expected.release === null ? '' : ` of ${expected.release}`} ended by itself${how}.`,
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

/** Rule 2 as the kernel tells it; the launcher's first moments, before it becomes the gateway, tell nothing yet. */
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

/** Differs as long as the process gets on: by what it says, or by the processor time that it uses. */
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
