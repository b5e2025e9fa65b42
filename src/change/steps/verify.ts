import type { Step } from '../../ledger/context.js';
import { awaitVerified, expectedOf } from '../verification.js';
import { wasStopped } from './restart.js';

export const verify: Step = {
  name: 'verify',
  skip: wasStopped,
  async do(context) {
    const { plan, facts } = context.change;
    const { liveAt, readyAt, health } = await awaitVerified(context, expectedOf(context.change));
    const says = health.version === null ? 'does not say its version' : `says ${health.version}`;
    const settled = `settled for ${plan.limits.settleMs / 1000} s`;
    // Missing if the process died right after it asked for the restart.
    if (facts.restartRequestedAt === undefined) return `${says}, ${settled}`;
    const since = Date.parse(facts.restartRequestedAt);
    facts.liveMs = liveAt - since;
    facts.readyMs = readyAt - since;
    return `${says}, ready after ${(facts.readyMs / 1000).toFixed(1)} s, ${settled}`;
  },
};
