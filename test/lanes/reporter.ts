import type { Reporter } from 'vitest/node';
import { FULL_LANES, OTHER_LANES } from './lanes.js';

/** Ends `npm test` with the lanes that it leaves out. */
export const otherLanes = {
  onTestRunEnd() {
    const names = [...FULL_LANES.map(({ name }) => name), ...OTHER_LANES];
    console.log(`Other lanes: npm run test:full, or one of them: npm run test:${names.join(', test:')}`);
  },
} satisfies Reporter;
