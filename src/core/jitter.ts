import { hash } from 'node:crypto';

/** Returns a number in [0, 1) from these words: evenly spread, and equal after each restart of the host. */
export function drawn(...words: (string | number)[]): number {
  return Number.parseInt(hash('sha256', JSON.stringify(words)).slice(0, 12), 16) / 2 ** 48;
}

/** Position of a host in the jitter of a release, in [0, 1). It depends on the version: no host is always first. */
export function jitterOf(installId: string, version: string): number {
  return drawn('release', installId, version);
}

/** Milliseconds after the full period until a host's timer runs, so that a fleet does not ask in one second. */
export function nextRunJitter(installId: string, periodMs: number): number {
  return Math.floor(drawn('run', installId) * periodMs);
}
