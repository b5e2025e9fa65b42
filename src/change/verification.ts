import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorCode, ReleasesError } from '../core/errors.js';
import { cpuTicks, executableOf, TICKS_PER_SECOND } from '../host/process.js';
import { waitUntil } from '../host/wait.js';
import type { Context } from '../ledger/context.js';
import { listChanges } from '../ledger/ledger.js';
import type { Limits } from '../ledger/plan.js';
import { releaseOfProcess } from '../ledger/running-release.js';
import { type Health, worsened } from '../openclaw/health.js';
import { differences, type Instance, instanceOf } from '../openclaw/instance.js';
import { reach } from '../openclaw/reach.js';
import { budgetFrom } from '../openclaw/start-budget.js';
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
  /** The gateway that ran before; null when unknown. */
  gateway: Instance | null;
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
 * Waits until the gateway is verified: a new process of the same instance, from the release's own directory, that owns
 * its port, is healthy, ready and not worse than before, and stays so while it settles. A fault that cannot improve (a crash, a wrong
 * version) fails at once; others get time while the process makes progress.
 * @throws ReleasesError `gateway_crashed`, `wrong_release`, `wrong_version`, `instance_changed`, `port_held_by_orphan`,
 *   `gateway_not_ready`, `gateway_worse`, `interrupted`
 */
export async function awaitVerified(context: Context, expected: Expectation): Promise<Verified> {
  const { root, supervisor, signal } = context;
  const { release, before, mustBeReady, settleMs } = expected;
  // A rollback must not fail because the manifest is corrupt.
  const version = release === null ? null : (findManifest(root, release)?.version ?? null);
  const { floorMs, ceilingMs } = budgetFrom(earlierStarts(root), {
    floorMs: expected.limits.readyFloorMs,
    ceilingMs: expected.limits.readyCeilingMs,
  });
  const stallMs = Math.min(STALL_MS, floorMs);
  const begun = performance.now();
  let liveAt: number | null = null;
  let readyAt: { waited: number; at: number } | null = null;
  let signature = '';
  let missing: Missing = { code: 'gateway_not_ready', what: 'The gateway is not answering' };
  const look = async (): Promise<Verified | null> => {
    const inspection = await supervisor.inspect();
    checkProcess(root, inspection, expected);
    const { endpoint, health } = await reach(inspection);
    checkVersion(health, version);
    if (health.answered) await checkListener(endpoint, supervisor);
    // Two clocks: durations need a monotonic clock, because the wall clock can be set meanwhile.
    const now = performance.now();
    if (health.live) liveAt ??= Date.now();
    const restoring = readRestore(root) === null ? '' : `restoring ${Math.floor(now / stallMs)}`;
    signature = restoring + signatureOf(health, inspection.pid, stallMs);
    const lacks = whatIsUnhealthy(health, before, mustBeReady) ?? otherProgram(root, inspection.pid, release);
    if (lacks) {
      readyAt = null;
      missing = lacks;
      context.progress(lacks.what);
      return null;
    }
    checkInstance(expected.gateway, instanceOf(inspection, endpoint));
    readyAt ??= { waited: now, at: Date.now() };
    const settledMs = now - readyAt.waited;
    if (settledMs >= settleMs) return { liveAt: liveAt ?? readyAt.at, readyAt: readyAt.at, health };
    missing = {
      code: 'gateway_not_ready',
      what: `The gateway has not stayed healthy for ${settleMs / 1000} s`,
    };
    // Settling is progress.
    signature = String(now);
    context.progress('settling', settledMs, settleMs);
    return null;
  };
  const verified = await waitUntil(
    {
      withinMs: ceilingMs + settleMs,
      everyMs: POLL_MS,
      signal,
      stall: { floorMs, stallMs, signature: () => signature },
    },
    look,
  );
  if (verified) return verified;
  // A process that ended between the two inspections crashed, even if its port answered before.
  checkProcess(root, await supervisor.inspect(), expected);
  const waitedMs = performance.now() - begun;
  throw fault(missing.code, `${missing.what}, after ${Math.round(waitedMs / 1000)} s.`);
}

/** The rule that is not met yet. */
interface Missing {
  code: ErrorCode;
  what: string;
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

/** Rule 2, read from the kernel. In the launcher's first moments a shell runs that has no release yet. */
function otherProgram(root: Root, pid: number | null, release: string | null): Missing | null {
  if (release === null || pid === null) return null;
  const own = realPathOf(join(releaseDirectory(root, release), 'node'));
  const runs = executableOf(pid);
  const isStarted = releaseOfProcess(root, pid) === release;
  if (isStarted && runs !== null && runs === own) return null;
  const instead = isStarted
    ? `and the Node of ${release} is ${own ?? 'not there'}`
    : `not started as ${release}`;
  const what = `The gateway is healthy, but process ${pid} runs ${runs ?? 'an unknown program'}, ${instead}`;
  return { code: 'wrong_release', what };
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Rule 5. */
function checkInstance(before: Instance | null, now: Instance | null): void {
  const changed = before && now ? differences(before, now) : [];
  if (changed.length === 0) return;
  throw fault('instance_changed', `It is another gateway than before: ${changed.join('; ')}.`);
}

function checkVersion(health: Health, version: string | null): void {
  if (version === null || health.version === null || health.version === version) return;
  throw fault('wrong_version', `The gateway says that it is ${health.version}, not ${version}.`);
}

/** Text that changes while the process makes progress, in its answers or its processor time. */
function signatureOf(health: Health, pid: number | null, stallMs: number): string {
  const step = Math.max(1, (stallMs / 1000) * TICKS_PER_SECOND * BUSY_SHARE);
  const busy = pid === null ? 0 : Math.floor(cpuTicks(pid) / step);
  return JSON.stringify([health.answered, health.live, health.phase, health.failing, busy]);
}

function whatIsUnhealthy(health: Health, before: Health | null, mustBeReady: boolean): Missing | null {
  if (!health.live || (mustBeReady && !health.ready))
    return { code: 'gateway_not_ready', what: `The gateway is ${describe(health)}` };
  const worse = before ? worsened(before, health) : [];
  if (worse.length === 0) return null;
  return { code: 'gateway_worse', what: `What worked before does not work: ${worse.join(', ')}` };
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
