import { LONGEST_WAIT_FOR_CLOCK_MS } from './clock.js';
import type { Question } from './decision.js';
import { endOf, failedAfterRestart, isByTimer, isMadeByPerson, restartedGateway } from './history.js';
import { no, pass, type RuleResult, wait } from './result.js';
import { isMoment, shown, timeOf } from './time.js';

/** Automatic changes in a row that rolled back, after which an operator must act. */
const BREAKS_AFTER = 3;

export const hostRules = {
  disabled({ policy }: Question): RuleResult {
    if (policy.blockedBy.length > 0) return no(policy.blockedBy.join(' '));
    return policy.enabled ? pass('Automatic updates are on.') : no('Automatic updates are off.');
  },

  clock({ clock: { now, lastRun, behindSince, jumpedAt } }: Question): RuleResult {
    if (![now, lastRun ?? 0, behindSince ?? 0, jumpedAt ?? 0].every(isMoment))
      return no('The clock of this host says nothing that is a time.');
    if (lastRun === null || now >= lastRun) return pass('The clock has not been put back.');
    const end = Math.min(lastRun, (behindSince ?? now) + LONGEST_WAIT_FOR_CLOCK_MS);
    const reason = `The clock says ${shown(now)} and said ${shown(lastRun)} before, so it is waited for.`;
    return wait(reason, end);
  },

  held({ policy: { hold }, clock: { now } }: Question): RuleResult {
    if (hold === null) return pass('Nobody holds updates.');
    if (hold.until === null) return no('Updates are held until a person lets go.');
    const until = timeOf(hold.until);
    if (until === null)
      return no(`Updates are held until ${JSON.stringify(hold.until)}, which is not a time.`);
    if (until <= now) return pass(`Updates were held until ${shown(until)}.`);
    return wait(`Updates are held until ${shown(until)}.`, until);
  },

  changeActive({ gateway: { activeChange } }: Question): RuleResult {
    if (activeChange === null) return pass('No change is active.');
    return wait(`The change ${activeChange} is active.`);
  },

  /** An update of an unhealthy gateway would hide the cause of its problem. */
  gateway({ gateway: { running, healthy } }: Question): RuleResult {
    if (running === null) return no('No release runs here.');
    if (healthy) return pass(`${running} runs and is healthy.`);
    return wait(`${running} is not well, and an update is no cure for what is not understood.`);
  },

  /** Without a way back an update is a risk that a person has to take. */
  drill({ history, policy }: Question): RuleResult {
    const index = history.findLastIndex(({ kind }) => kind === 'drill');
    const last = history[index];
    if (last?.status !== 'drill_failed' || history.slice(index).some(isMadeByPerson))
      return pass('No drill speaks against rolling back.');
    if (endOf(last) < (timeOf(policy.breakerResetAt) ?? Number.NEGATIVE_INFINITY))
      return pass('A person has lifted the hold since the last drill failed.');
    return no(`The drill ${last.id} of ${last.to} failed; a person has to look, then drill or unhold.`);
  },

  breaker({ history, policy }: Question): RuleResult {
    const breakerResetAt = timeOf(policy.breakerResetAt) ?? Number.NEGATIVE_INFINITY;
    const restarts = history.filter(restartedGateway);
    const byPerson = restarts.findLastIndex((entry) => isMadeByPerson(entry));
    const since = restarts
      .slice(byPerson + 1)
      .filter((entry) => isByTimer(entry) && endOf(entry) >= breakerResetAt);
    const stuck = since.find(({ status }) => status === 'rollback_failed');
    if (stuck)
      return no(
        `The automatic change ${stuck.id} could not be rolled back; a person has to look, then update or unhold.`,
      );
    const last = since.slice(-BREAKS_AFTER);
    if (last.length < BREAKS_AFTER || !last.every(failedAfterRestart))
      return pass('Automatic updates have not failed too often.');
    return no(
      `The last ${BREAKS_AFTER} automatic updates were rolled back; a person has to look, then update or unhold.`,
    );
  },
};
