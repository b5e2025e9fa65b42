import { toErrorRecord } from '../../errors.js';
import { absolve } from '../../store/policy.js';
import { endTrial } from '../../store/switch.js';
import { endReturn } from '../../state/intent.js';
import type { Step } from '../context.js';
import { noteRestore } from '../returning.js';
import { stoppedOnPurpose } from './restart.js';
import { targetOf } from './switch.js';

/** Ends the trial: from here on a crash switches nothing. */
export const bless: Step = {
  name: 'bless',
  skip: stoppedOnPurpose,
  async do(context) {
    const to = targetOf(context);
    endTrial(context.root);
    endReturn(context.root);
    noteRestore(context);
    try {
      absolve(context.root, to);
    } catch (error) {
      context.change.warnings.push(`${to} is still in quarantine: ${toErrorRecord(error).message}`);
    }
    return `${to} is proven`;
  },
};
