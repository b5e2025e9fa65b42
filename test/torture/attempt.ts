import { previousRelease } from '../../src/store/links.js';
import { readPolicy } from '../../src/store/policy.js';
import { quarantineOf } from '../../src/store/quarantine.js';
import type { Behaviour } from '../registry/gateway-package.js';
import type { MiniatureArena } from './arena.js';
import { between, pickWeighted, type Random } from './random.js';

/** Updates, by what the new release does. */
const RELEASES = {
  good: {},
  slow: { slowStartMs: 600 },
  'crashes at start': { crashAtStart: true },
  'crashes soon': { crashAfterMs: 120 },
  'ends with 78': { exitCode78: true },
  'never ready': { neverReady: true },
  'another version': { answersVersion: '2026.1.1' },
  'fails the probe': { printsVersion: '2026.1.1' },
} satisfies Record<string, Behaviour>;

/** A kind of change: all of one family take about as long, and pass the same points. */
export type Family = keyof typeof RELEASES | 'rollback';

const WEIGHTS: Record<Family, number> = {
  good: 50,
  slow: 5,
  'crashes at start': 6,
  'crashes soon': 6,
  'ends with 78': 3,
  'never ready': 5,
  'another version': 5,
  'fails the probe': 3,
  rollback: 17,
};

/** A change that is about to be made. */
export interface Attempt {
  family: Family;
  /** Release that runs before it. */
  before: string;
  to: string;
  args: string[];
}

export function drawFamily(random: Random): Family {
  return pickWeighted(random, WEIGHTS);
}

/** Makes up the change; a release for it is published now, so that all of its steps have something to do. */
export function prepare(arena: MiniatureArena, family: Family, random: Random): Attempt {
  const { world, root } = arena;
  const options = ['--settle', between(random, 0.2, 0.5).toFixed(2), '--ready-timeout', '1'];
  const before = arena.running();
  const previous = previousRelease(root);
  // A rollback passes over a release that failed, for the last healthy one before it.
  const mayReturn = previous !== null && quarantineOf(readPolicy(root), previous) === null;
  if (family === 'rollback' && mayReturn && previous !== before)
    return { family, before, to: previous, args: ['rollback', '--yes', ...options] };
  const behaviour: Behaviour = family === 'rollback' ? {} : RELEASES[family];
  const to = arena.nextVersion();
  world.publish(to, behaviour);
  return { family, before, to, args: ['update', to, ...options] };
}
