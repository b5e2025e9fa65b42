import type { TestProject } from 'vitest/node';
import { makeNodes } from '../support/node-copy.js';
import { drawOf } from './draw.js';
import { FULL_LANES, QUICK_LANES, whyNot } from './lanes.js';

/**
 * Ends a lane that cannot run here before its first test: a lane that is skipped would look green.
 * @returns what ends the run
 */
export default function prepareLane(project: TestProject): () => void {
  const lane = [...QUICK_LANES, ...FULL_LANES].find(({ name }) => name === project.name);
  const reason = lane ? whyNot(lane) : null;
  if (reason !== null) throw new Error(reason);
  const draw = lane ? drawOf(lane) : null;
  if (draw !== null) console.info(draw.notice);
  return makeNodes();
}
