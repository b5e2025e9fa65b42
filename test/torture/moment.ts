import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Change } from '../../src/ledger/ledger.js';
import { until } from '../support/place.js';
import type { Begun } from '../support/world.js';
import type { Arena } from './arena.js';
import type { Cycle } from './cycles.js';
import { pick, type Random } from './random.js';

export { pause };

/** Moment at which a change is interrupted: after a while, or at a point that it passes, where it is held. */
export type Moment = { afterMs: number } | { point: string };

/** Point at which recovery itself is interrupted, in some rounds; a recovery that does not reach it ends in peace. */
export const RECOVERY_POINTS = [
  ...['switch', 'baseline', 'stage'].flatMap((step) => [
    `before undo ${step}`,
    `after undo ${step}`,
    `before write ledger: ${step} undone`,
  ]),
  ...['before verify', 'after verify', 'after link current', 'before remove trial', 'after remove trial'],
];

/** A little longer than the measured cycle: what has just ended is a moment, too. */
const BEYOND = 1.1;

export function drawTime(cycle: Cycle, random: Random): Moment {
  return { afterMs: random() * BEYOND * cycle.ms };
}

export function drawPoint(points: string[], random: Random): Moment {
  return { point: pick(random, points) };
}

/** A change that has come to its moment. */
export interface Reached {
  begun: Begun;
  /** Its answer, when it had ended before. */
  answered: boolean;
  /** Lets a change continue that is held at a point. */
  letGo(): void;
}

/** Begins the change and returns at the moment. */
export async function reach(arena: Arena, args: string[], moment: Moment): Promise<Reached> {
  const { world } = arena;
  const stamp = join(world.path, 'stamp');
  const held = 'point' in moment;
  const begun = world.begin(
    args,
    held ? { OPENCLAW_RELEASES_FAULT: `hang ${moment.point}`, OPENCLAW_RELEASES_FAULT_STAMP: stamp } : {},
  );
  const reached = { begun, answered: false, letGo: () => rmSync(stamp, { force: true }) };
  void begun.ended.then(() => {
    reached.answered = true;
  });
  if (held) await until(`it is ${moment.point}`, () => reached.answered || existsSync(stamp), 60_000);
  else await pause(moment.afterMs);
  return reached;
}

/** Progress of a change, by the step of its ledger. */
export function whereIs(change: Change | null): string {
  if (change === null) return 'before its record';
  if (change.endedAt !== null) return 'after its end';
  if (change.steps.some(({ state }) => state.startsWith('und'))) return 'undoing';
  return change.steps.at(-1)?.name ?? 'before its first step';
}
