import { faultPoint } from '../host/fault.js';
import type { Context } from '../ledger/context.js';
import { type Change, stepOf } from '../ledger/ledger.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { sampleAbilities } from '../openclaw/abilities.js';
import { drain, endDrain, RENEW_MS } from '../openclaw/drain.js';
import type { Door } from '../openclaw/endpoint.js';
import { identifyProcess } from '../openclaw/handoff.js';
import { namedWork } from '../openclaw/named-work.js';
import { type Reached, reach } from '../openclaw/reach.js';
import type { Inspection } from '../supervisor/supervisor.js';
import { redactorOf } from './redaction.js';
import { trySave } from './saving.js';

/** Renewal of a lease. It ends with this process, and the lease two minutes later. */
interface Renewal {
  timer: NodeJS.Timeout;
  /** The last question; it settles within seconds. */
  asked: Promise<void>;
}

const renewals = new WeakMap<Change, Renewal>();

/**
 * Lets the gateway take no new work from now until its restart or `releaseDrain`.
 * @returns work that it has not finished; null when it cannot drain
 */
export async function holdDrain(
  { root, change }: Context,
  reached: Reached,
  inspection: Inspection,
): Promise<string[] | null> {
  const { endpoint, health } = reached;
  // A draining gateway answers none of these any more.
  const [named, process, abilities] = await Promise.all([
    change.facts.idle?.busy?.length === 0 ? [] : namedWork(endpoint, redactorOf(inspection)),
    identifyProcess(endpoint),
    sampleAbilities(endpoint),
  ]);
  const begun = await drain(endpoint, change.id);
  if (begun === null) return null;
  change.facts.drain = { lease: begun.lease, wasReady: health.ready, named, process, abilities };
  trySave({ root, change }, stepOf(change, 'wait-idle'));
  faultPoint('after drain');
  await stopRenewing(change);
  const renewal: Renewal = {
    timer: setInterval(() => {
      renewal.asked = renew(change, endpoint);
    }, RENEW_MS).unref(),
    asked: Promise.resolve(),
  };
  renewals.set(change, renewal);
  return begun.busy;
}

/** A gateway that was restarted meanwhile begins anew, with a lease of another name. */
async function renew(change: Change, endpoint: Door): Promise<void> {
  const renewed = await drain(endpoint, change.id);
  if (renewed && change.facts.drain) change.facts.drain.lease = renewed.lease;
}

/**
 * Ends the renewal, for a restart that is about to end the lease. Awaits one without an answer yet: it could close a gateway
 * that was opened meanwhile.
 */
export async function stopRenewing(change: Change): Promise<void> {
  const renewal = renewals.get(change);
  renewals.delete(change);
  clearInterval(renewal?.timer);
  await renewal?.asked;
}

/** Opens the gateway again, if it drains for this change. A gateway that was restarted meanwhile ignores it. Never throws. */
export async function releaseDrain({ change, supervisor }: Context): Promise<void> {
  await stopRenewing(change);
  const { drain: held } = change.facts;
  if (!held) return;
  // Without it the lease ends in two minutes.
  const inspection = await inspectIfThere(supervisor).catch(() => null);
  if (inspection !== null && inspection.pid !== null) {
    const { endpoint } = await reach(inspection);
    await endDrain(endpoint, held.lease);
  }
  delete change.facts.drain;
}
