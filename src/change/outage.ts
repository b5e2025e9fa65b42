import type { Outage } from '../ledger/facts.js';
import type { Verified } from './verification.js';

/**
 * Tells where the time from a restart request until ready went.
 * @param since time of the request, in milliseconds since the epoch
 * @param stopMs from it until the old process was gone; null where that is not known
 * @returns null where a part is not known, or a clock was set meanwhile
 */
export function outageOf(
  since: number,
  stopMs: number | null,
  { startedAt, liveAt, readyAt }: Pick<Verified, 'startedAt' | 'liveAt' | 'readyAt'>,
): Outage | null {
  if (stopMs === null || startedAt === null) return null;
  const startedMs = startedAt - since;
  // A supervisor may look only now and then whether the old process is gone.
  const goneMs = Math.min(stopMs, startedMs);
  const [stop, start, load, channels] = [
    goneMs,
    startedMs - goneMs,
    liveAt - since - startedMs,
    readyAt - liveAt,
  ].map(Math.round) as [number, number, number, number];
  return Math.min(stop, load, channels) < 0
    ? null
    : { stopMs: stop, startMs: start, loadMs: load, channelsMs: channels };
}
