import { canBeCancelled } from '../change/cancellation.js';
import { ReleasesError } from '../core/errors.js';
import { moment } from '../core/moment.js';
import { type Change, stepOf } from '../ledger/ledger.js';

/** Returns true also for a change that has not reached `wait-idle` yet. */
export function isWaiting(change: Change): boolean {
  const { withinMs = 0, countdownMs = 0 } = change.plan.idle ?? {};
  return (
    withinMs + countdownMs > 0 && !['done', 'skipped'].includes(stepOf(change, 'wait-idle')?.state ?? '')
  );
}

export function lockedBy(change: Change): ReleasesError {
  const { id, plan, steps, startedAt, owner } = change;
  const step = steps.at(-1)?.name ?? null;
  const stop = canBeCancelled(change) ? ', or openclaw-releases cancel' : '';
  return new ReleasesError(
    'locked',
    `Another change is active, ${id}: ${plan.kind} ${plan.target}, since ${moment(startedAt)}${step ? `, at ${step}` : ''}.`,
    {
      hint: `openclaw-releases status --follow${stop}`,
      details: { change: id, kind: plan.kind, target: plan.target, step, since: startedAt, pid: owner.pid },
    },
  );
}
