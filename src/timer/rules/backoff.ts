import { drawn } from '../../core/jitter.js';
import { DAY, MINUTE } from './time.js';

const FIRST_MS = 10 * MINUTE;
const SHORTEST_MS = MINUTE;

/**
 * How long to wait after so many failures in a row, in milliseconds: at most ten minutes after the first, twice as
 * long after each further one, never more than a day. Where in that time is drawn from the host's id and the count
 * (full jitter): what failed for all hosts at once, the registry above all, is not asked by all of them at once again.
 */
export function backoff(failures: number, installId: string): number {
  if (!(failures >= 1)) return 0;
  const most = Math.min(DAY, FIRST_MS * 2 ** Math.min(32, Math.floor(failures) - 1));
  return SHORTEST_MS + Math.floor(drawn('retry', installId, Math.floor(failures)) * (most - SHORTEST_MS));
}
