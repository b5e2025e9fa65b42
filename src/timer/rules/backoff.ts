import { drawn } from '../../core/jitter.js';
import { DAY, MINUTE } from './time.js';

const FIRST_MS = 10 * MINUTE;
const SHORTEST_MS = MINUTE;

/**
 * Milliseconds to wait after failures in a row: at most ten minutes after the first, then doubled each time, at most a
 * day. The host's id and the count choose the point in that span (full jitter), so that not all hosts ask a recovered
 * registry at once.
 */
export function backoff(failures: number, installId: string): number {
  if (!(failures >= 1)) return 0;
  const most = Math.min(DAY, FIRST_MS * 2 ** Math.min(32, Math.floor(failures) - 1));
  return SHORTEST_MS + Math.floor(drawn('retry', installId, Math.floor(failures)) * (most - SHORTEST_MS));
}
