import type { Change } from '../../ledger/ledger.js';
import type { Plan } from '../../ledger/plan.js';

/**
 * Returns true for the same kind and the same target or release; null until the change has resolved its own release. A
 * tag is the same request in the same word only: asking a registry would block the requests that wait for their turn.
 */
export function wantsTheSame(plan: Plan, { plan: other, facts }: Change): boolean | null {
  if (plan.kind !== other.kind) return false;
  if (plan.target === other.target || plan.target === facts.to) return true;
  return plan.kind === 'update' && facts.to === null ? null : false;
}
