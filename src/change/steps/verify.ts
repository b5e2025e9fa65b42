import { duration } from '../../core/duration.js';
import type { Step } from '../../ledger/context.js';
import { expectedOf } from '../expectation.js';
import { outageOf } from '../outage.js';
import { awaitVerified } from '../verification.js';
import { wasStopped } from './restart.js';

export const verify: Step = {
  name: 'verify',
  skip: wasStopped,
  async do(context) {
    const { plan, facts, recovery } = context.change;
    const verified = await awaitVerified(context, expectedOf(context.change));
    const { liveAt, readyAt, starts, health } = verified;
    const says = health.version === null ? 'does not say its version' : `says ${health.version}`;
    const settled = `settled for ${duration(plan.limits.settleMs)}`;
    // Missing if the process died right after it asked for the restart.
    if (facts.restartRequestedAt === undefined) return `${says}, ${settled}`;
    const since = Date.parse(facts.restartRequestedAt);
    facts.liveMs = liveAt - since;
    // A start that was held up says nothing of how long the next one may take, and a recovery looks when it comes.
    if (starts === 1 && !recovery) {
      facts.readyMs = readyAt - since;
      const outage = outageOf(since, facts.restart?.stopMs ?? null, verified);
      if (outage !== null) facts.outage = outage;
    }
    return `${says}, ready after ${duration(readyAt - since)}, ${settled}`;
  },
};
