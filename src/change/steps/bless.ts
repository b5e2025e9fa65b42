import { absolve } from '../../store/policy.js';
import { endTrial } from '../../store/switch.js';
import type { Step } from '../context.js';
import { stoppedOnPurpose } from './restart.js';
import { targetOf } from './switch.js';

/** Ends the trial: from here on a crash switches nothing. */
export const bless: Step = {
  name: 'bless',
  skip: stoppedOnPurpose,
  async do(context) {
    const to = targetOf(context);
    endTrial(context.root);
    absolve(context.root, to);
    return `${to} is proven`;
  },
};
