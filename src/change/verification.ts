import { duration } from '../core/duration.js';
import { ReleasesError } from '../core/errors.js';
import { ageOf } from '../host/process-age.js';
import { waitUntil } from '../host/wait.js';
import type { Context } from '../ledger/context.js';
import { type Change, listChanges } from '../ledger/ledger.js';
import { doubtful, sampleAbilities } from '../openclaw/abilities.js';
import type { Door } from '../openclaw/endpoint.js';
import type { Health } from '../openclaw/health.js';
import { instanceOf } from '../openclaw/instance.js';
import { reach } from '../openclaw/reach.js';
import { budgetFrom } from '../openclaw/start-budget.js';
import { readRestore, restoreLimitMs } from '../state/restore-records.js';
import { findManifest } from '../store/manifest.js';
import type { Root } from '../store/root.js';
import type { Expectation } from './expectation.js';
import { checkListener } from './port-holder.js';
import { StartWatch } from './start-watch.js';
import {
  checkInstance,
  checkVersion,
  fault,
  type Missing,
  otherProgram,
  signatureOf,
  whatIsBroken,
  whatIsUnhealthy,
} from './verification-rules.js';

const POLL_MS = 250;

/** Milliseconds without any progress after which a start has failed. */
const STALL_MS = 30_000;

/** Milliseconds for a channel or a plugin of a healthy gateway that is slower than the rest. */
const REPAIR_MS = 30_000;

/** Milliseconds without an answer of the supervisor. A host that swaps holds it up as much as the gateway. */
const SILENCE_MS = 60_000;

/** Times of the first live and the first ready answer, in milliseconds since the epoch. */
export interface Verified {
  liveAt: number;
  readyAt: number;
  /** Start of the process that is verified, likewise; null where the kernel does not tell. */
  startedAt: number | null;
  /** More than one where the host held up the ones before. */
  starts: number;
  health: Health;
}

/**
 * Waits until the gateway is verified: a new process of the same instance, from the release's own directory, that owns
 * its port, is healthy, ready and not worse than before, and stays so while it settles. A fault that cannot improve (a crash, a wrong
 * version) fails at once; others get time while the process makes progress.
 * @throws ReleasesError `gateway_crashed`, `wrong_release`, `wrong_version`, `instance_changed`, `port_held_by_orphan`,
 *   `gateway_not_ready`, `gateway_worse`, `interrupted`; `supervisor_failed` after a minute without an answer
 */
export async function awaitVerified(context: Context, expected: Expectation): Promise<Verified> {
  const { root, supervisor, signal } = context;
  const { release, before, abilities = {}, mustBeReady, settleMs } = expected;
  const sample = async (endpoint: Door) =>
    Object.keys(abilities).length > 0 ? await sampleAbilities(endpoint) : {};
  // A rollback must not fail because the manifest is corrupt.
  const version = release === null ? null : (findManifest(root, release)?.version ?? null);
  const { floorMs, ceilingMs } = budgetFrom(earlierStarts(root), {
    floorMs: expected.limits.readyFloorMs,
    ceilingMs: expected.limits.readyCeilingMs,
  });
  const stallMs = Math.min(STALL_MS, floorMs);
  const begun = performance.now();
  let liveAt: number | null = null;
  let startedAt: number | null = null;
  let readyAt: { waited: number; at: number } | null = null;
  let signature = '';
  const start = new StartWatch(context, expected);
  let answeredAt = begun;
  let missing: Missing = { code: 'gateway_not_ready', what: 'The gateway is not answering' };
  const look = async (): Promise<Verified | null> => {
    const inspection = await supervisor.inspect();
    if (!(await start.look(inspection))) {
      liveAt = null;
      context.progress('waiting for the next start');
      return null;
    }
    const { endpoint, health } = await reach(inspection);
    checkVersion(health, version);
    if (health.answered) await checkListener(endpoint, supervisor, inspection.pid);
    // Two clocks: durations need a monotonic clock, because the wall clock can be set meanwhile.
    const now = performance.now();
    if (health.live && liveAt === null) {
      const age = inspection.pid === null ? null : ageOf(inspection.pid);
      liveAt = Date.now();
      startedAt = age === null ? null : liveAt - age;
    }
    const restoring = readRestore(root) === null ? '' : `restoring ${Math.floor(now / stallMs)}`;
    signature = restoring + signatureOf(health, start.work, stallMs);
    const lacks = whatIsUnhealthy(health, before, mustBeReady) ?? otherProgram(root, inspection.pid, release);
    if (lacks) {
      readyAt = null;
      missing = lacks;
      context.progress(lacks.what);
      return null;
    }
    checkInstance(expected.gateway, instanceOf(inspection, endpoint));
    start.noteWell();
    readyAt ??= { waited: now, at: Date.now() };
    const settledMs = now - readyAt.waited;
    if (settledMs >= settleMs) {
      const after = await sample(endpoint);
      const broken = whatIsBroken(abilities, after);
      if (broken === null) {
        warnOf(context.change, doubtful(abilities, after));
        return { startedAt, liveAt: liveAt ?? readyAt.at, readyAt: readyAt.at, starts: start.starts, health };
      }
      missing = broken;
      if (settledMs >= settleMs + REPAIR_MS) throw fault(missing.code, `${missing.what}.`);
      context.progress(missing.what);
      return null;
    }
    missing = {
      code: 'gateway_not_ready',
      what: `The gateway has not stayed healthy for ${settleMs / 1000} s`,
    };
    // Settling is progress.
    signature = String(now);
    context.progress('settling', settledMs, settleMs);
    return null;
  };
  const patientLook = async () => {
    try {
      const verified = await look();
      answeredAt = performance.now();
      return verified;
    } catch (error) {
      const now = performance.now();
      const isSilent = error instanceof ReleasesError && error.code === 'supervisor_failed';
      if (!isSilent || now - answeredAt >= SILENCE_MS) throw error;
      start.noteSilence();
      // It says nothing of the release, which must stay healthy from here on.
      readyAt = null;
      signature = `without an answer ${now}`;
      context.progress(error.message);
      return null;
    }
  };
  const verified = await waitUntil(
    {
      // The launcher starts a gateway after its restore.
      withinMs: ceilingMs + settleMs + restoreLimitMs(root, readRestore(root)),
      everyMs: POLL_MS,
      signal,
      stall: { floorMs, stallMs, signature: () => signature },
    },
    patientLook,
  );
  if (verified) return verified;
  // A process that ended between the two inspections crashed, even if its port answered before.
  const inspection = await supervisor.inspect();
  start.check(inspection);
  const waited = duration(performance.now() - begun);
  if (missing.code === 'gateway_not_ready') {
    const { endpoint, health } = await reach(inspection);
    // 2026.9 is not ready while the credential that a channel is configured with is not there.
    if (health.live) missing = whatIsBroken(abilities, await sample(endpoint)) ?? missing;
  }
  throw fault(missing.code, `${missing.what}, after ${waited}.`);
}

/** Not a reason to roll back: the other release would have the same trouble. */
function warnOf(change: Change, names: string[]): void {
  const warning = `Worked before the restart, and does not say so now: ${names.join(', ')}.`;
  if (names.length > 0 && !change.warnings.includes(warning)) change.warnings.push(warning);
}

function earlierStarts(root: Root): number[] {
  return listChanges(root).flatMap(({ status, facts }) =>
    status === 'package_updated_restart_verified' && facts.readyMs !== undefined ? [facts.readyMs] : [],
  );
}
