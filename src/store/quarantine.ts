import { type Policy, type Quarantine, readPolicy, updatePolicy } from './policy.js';
import type { Root } from './root.js';

/** Half-life of a failure. Hosts and configurations change, so no release is quarantined for ever. */
const HALF_LIFE_MS = 7 * 24 * 60 * 60_000;

const DAY_MS = 24 * 60 * 60_000;

export function quarantine(root: Root, id: string, failure: Omit<Quarantine, 'points'>): Policy {
  return updatePolicy(root, (policy) => {
    const before = policy.quarantine[id];
    const points = 1 + (before ? pointsAt(before, Date.parse(failure.at)) : 0);
    policy.quarantine[id] = { ...failure, points };
  });
}

function pointsAt({ points = 1, at }: Quarantine, now: number): number {
  return points * 0.5 ** (Math.max(0, now - Date.parse(at)) / HALF_LIFE_MS);
}

/** Time when half a failure is left: one failure lasts one half-life, two in a row last two. */
export function quarantineEnd({ points = 1, at }: Quarantine): Date {
  return new Date(Date.parse(at) + HALF_LIFE_MS * (1 + Math.log2(points)));
}

export function quarantineOf(policy: Policy, id: string, now = Date.now()): Quarantine | null {
  const entry = policy.quarantine[id];
  if (!entry || quarantineEnd(entry).getTime() <= now) return null;
  // The clock was ahead when it was written: it would last for as long.
  return Date.parse(entry.at) - now < DAY_MS ? entry : null;
}

/** Ends the quarantine of a release that was verified since. */
export function clearQuarantine(root: Root, id: string): void {
  if (!(id in readPolicy(root).quarantine)) return;
  updatePolicy(root, (policy) => {
    delete policy.quarantine[id];
  });
}
