import { toErrorRecord } from '../../core/errors.js';
import type { Step } from '../../ledger/context.js';
import { planFullCollection, pruneAll } from '../prune-plan.js';

/** Removes releases beyond retention. A failure is a warning, because the update has already succeeded. */
export const prune: Step = {
  name: 'prune',
  async do(context) {
    const { root, change } = context;
    try {
      const plan = planFullCollection(root);
      pruneAll(root, plan);
      change.warnings.push(...plan.warnings);
      change.facts.collected = plan.remove.map(({ id }) => id);
    } catch (error) {
      change.warnings.push(`Old releases could not be removed: ${toErrorRecord(error).message}`);
    }
    const { collected = [] } = change.facts;
    return collected.length === 0 ? 'nothing to remove' : `removed ${collected.join(', ')}`;
  },
};
