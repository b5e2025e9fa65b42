import { hash } from 'node:crypto';

/**
 * A number in [0, 1) that belongs to these words: evenly spread over many of them, and the same at every run, so that
 * what was told yesterday is still true today, and a host that is restarted all the time does not draw again.
 */
export function drawn(...words: (string | number)[]): number {
  return Number.parseInt(hash('sha256', JSON.stringify(words)).slice(0, 12), 16) / 2 ** 48;
}

/** How far into the jitter of a release a host is, in [0, 1): by version, so that no host is always among the first. */
export function jitterOf(installId: string, version: string): number {
  return drawn('release', installId, version);
}

/** How long after the full period a host's timer runs, in milliseconds: a fleet must not ask in one second. */
export function nextRunJitter(installId: string, periodMs: number): number {
  return Math.floor(drawn('run', installId) * periodMs);
}
