import { systemCode, toErrorRecord } from '../core/errors.js';
import { oneLine } from '../core/printable.js';
import { compareVersions, isVersion } from '../core/version.js';
import { placeOf } from '../host/place.js';
import type { Context } from '../ledger/context.js';
import type { RestartNotice } from '../ledger/facts.js';
import { inspectIfThere, wholeLaunch } from '../ledger/running-release.js';
import { drain } from '../openclaw/drain.js';
import { announceHandoff, HANDOFF_SINCE, identifyProcess } from '../openclaw/handoff.js';
import { type Reached, reach } from '../openclaw/reach.js';
import { whyNoIntent, writeRestartIntent } from '../openclaw/restart-intent.js';
import type { Inspection, RestartReport } from '../supervisor/supervisor.js';
import { releaseDrain, stopRenewing } from './drain-lease.js';
import { redactorOf } from './redaction.js';
import { trySave } from './saving.js';

const LONGEST_REASON = 200;

/**
 * Restarts the gateway, and tells it before that its end is a restart and no stop, so that the turns that it cuts off
 * continue after it. Leaves nothing of that behind: without a restart the gateway takes new work again.
 * @param as fact that says how it was told
 * @throws ReleasesError as `Supervisor.restart`
 */
export async function restartAnnounced(
  context: Context,
  as: 'restartNotice' | 'returnNotice',
): Promise<RestartReport> {
  const { change, supervisor } = context;
  await stopRenewing(change);
  const inspection = await inspectIfThere(supervisor).catch(() => null);
  // No failure to tell it keeps it from its restart.
  const { notice, withdraw } = await announce(context, inspection).catch((error) => notTold(reasonOf(error)));
  change.facts[as] = notice;
  if (as === 'restartNotice') change.facts.restartRequestedAt = new Date().toISOString();
  try {
    const report = await supervisor.restart();
    delete change.facts.drain;
    return report;
  } catch (error) {
    await releaseDrain(context);
    throw error;
  } finally {
    withdraw();
  }
}

interface Announced {
  notice: RestartNotice;
  withdraw(): void;
}

function notTold(why: string): Announced {
  return { notice: { way: null, why }, withdraw: () => {} };
}

async function announce(context: Context, inspection: Inspection | null): Promise<Announced> {
  if (inspection === null || inspection.pid === null) return notTold('none ran');
  const reached = await reach(inspection);
  if (!reached.health.answered) return notTold('it did not answer');
  const said = await handOff(context, reached);
  const refusal = said && oneLine(redactorOf(inspection)(said), LONGEST_REASON);
  return refusal === null
    ? { notice: { way: 'handoff' }, withdraw: () => {} }
    : leaveIntent(inspection, reached, refusal);
}

/** @returns null when the gateway is told, undefined when it has no such method, else why not */
async function handOff(context: Context, { endpoint, health }: Reached): Promise<string | null | undefined> {
  const { change } = context;
  const held = change.facts.drain;
  // It answers this only before it drains.
  const process = held ? held.process : await identifyProcess(endpoint);
  if (process === null) return isOlder(health.version) ? undefined : 'it does not say which process it is';
  const lease = (await drain(endpoint, change.id))?.lease;
  if (lease === undefined) return 'it does not drain for this change';
  change.facts.drain = { named: [], wasReady: health.ready, abilities: {}, ...held, lease, process };
  // The process that recovers a change must know what to open.
  if (lease !== held?.lease) trySave(context);
  return announceHandoff(endpoint, lease, process);
}

/** True also for an unknown version. */
function isOlder(version: string | null): boolean {
  return !isVersion(version) || compareVersions(version, HANDOFF_SINCE) < 0;
}

function leaveIntent(
  inspection: Inspection,
  { endpoint, health }: Reached,
  refusal: string | undefined,
): Announced {
  const pid = endpoint.listener ?? inspection.pid;
  const { args, env } = wholeLaunch({ ...inspection, pid });
  const why = whyNoIntent(health.version, env);
  if (pid === null || why !== null) return notTold(refusal ?? why ?? 'none ran');
  try {
    return { notice: { way: 'intent' }, withdraw: writeRestartIntent(placeOf({ args, env }).directory, pid) };
  } catch (error) {
    return notTold(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  return systemCode(error) ?? toErrorRecord(error).message;
}
