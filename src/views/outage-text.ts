import { duration } from '../core/duration.js';
import type { Outage } from '../ledger/facts.js';

/** Reads "stop 0.4 s, next process 0.1 s, load 6.1 s, channels 0.8 s". */
export function outageText({ stopMs, startMs, loadMs, channelsMs }: Outage): string {
  const parts = { stop: stopMs, 'next process': startMs, load: loadMs, channels: channelsMs };
  return Object.entries(parts)
    .map(([name, ms]) => `${name} ${duration(ms)}`)
    .join(', ');
}
