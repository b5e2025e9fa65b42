import { faultPoint } from '../host/fault.js';
import type { Context } from '../ledger/context.js';
import { type Change, stepOf } from '../ledger/ledger.js';
import { inspectIfThere } from '../ledger/running-release.js';
import { sampleAbilities } from '../openclaw/abilities.js';
import { drain, endDrain, RENEW_MS } from '../openclaw/drain.js';
import { identifyProcess } from '../openclaw/handoff.js';
import { namedWork } from '../openclaw/named-work.js';
import { type Reached, reach } from '../openclaw/reach.js';
import { trySave } from './saving.js';

/** Timers that renew a lease. They end with this process, and the lease two minutes later. */
const renewals = new WeakMap<Change, NodeJS.Timeout>();

/**
 * Lets the gateway take no new work from now until its restart or `releaseDrain`.
 * @returns work that it has not finished; null when it cannot drain
 */
export async function holdDrain({ root, change }: Context, reached: Reached): Promise<string[] | null> {
  const { endpoint, health } = reached;
  // A draining gateway answers none of these any more.
  const [named, process, abilities] = await Promise.all([
    change.facts.idle?.busy?.length === 0 ? [] : namedWork(endpoint),
    identifyProcess(endpoint),
    sampleAbilities(endpoint),
  ]);
  const begun = await drain(endpoint, change.id);
  if (begun === null) return null;
  change.facts.drain = { lease: begun.lease, wasReady: health.ready, named, process, abilities };
  trySave({ root, change }, stepOf(change, 'wait-idle'));
  faultPoint('after drain');
  stopRenewing(change);
  renewals.set(change, setInterval(() => void drain(endpoint, change.id), RENEW_MS).unref());
  return begun.busy;
}

/** Ends the renewal, for a restart that is about to end the lease. */
export function stopRenewing(change: Change): void {
  clearInterval(renewals.get(change));
  renewals.delete(change);
}

/** Opens the gateway again, if it drains for this change. A gateway that was restarted meanwhile ignores it. */
export async function releaseDrain({ change, supervisor }: Context): Promise<void> {
  stopRenewing(change);
  const { drain: held } = change.facts;
  if (!held) return;
  const inspection = await inspectIfThere(supervisor);
  if (inspection !== null && inspection.pid !== null) {
    const { endpoint } = await reach(inspection);
    await endDrain(endpoint, held.lease);
  }
  delete change.facts.drain;
}
