import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Arena } from './arena.js';
import type { Attempt, Family } from './attempt.js';
import { randomFrom } from './random.js';

/** Time that an uninterrupted change of a family takes, and points that it passes. */
export interface Cycle {
  ms: number;
  /** Names of fault points in their order, each once. */
  points: string[];
}

/** The points that lie in one of the steps, from when its intent is on record to its result. */
export function pointsOf({ points }: Cycle, steps: readonly string[]): string[] {
  return steps.flatMap((step) => {
    const first = points.indexOf(`after write ledger: ${step} doing`);
    const last = points.indexOf(`after write ledger: ${step} done`);
    return first < 0 || last < 0 ? [] : points.slice(first, last + 1);
  });
}

/** The points by the step that is done or undone at them, those before the first step among them. */
export function pointsByStep({ points }: Cycle): string[][] {
  const groups: string[][] = [[]];
  for (const point of points) {
    if (/^before write ledger: \S+ (doing|undoing)$/.test(point)) groups.push([]);
    groups.at(-1)?.push(point);
  }
  return groups.filter((group) => group.length > 0);
}

const RUNS = 2;

/** A machine that has other things to do now than it had then takes another time. */
const USES = 20;

/** Measured on this machine, each family when it is first drawn, and again after a while. */
export class Cycles {
  readonly #known = new Map<Family, { cycle: Promise<Cycle>; uses: number }>();

  of(arena: Arena, family: Family): Promise<Cycle> {
    let known = this.#known.get(family);
    if (!known || known.uses === USES) {
      known = { cycle: measure(arena, family), uses: 0 };
      this.#known.set(family, known);
    }
    known.uses++;
    return known.cycle;
  }
}

async function measure(arena: Arena, family: Family): Promise<Cycle> {
  const cycle: Cycle = { ms: 0, points: [] };
  for (let run = 0; run < RUNS; run++) {
    const trace = join(arena.world.path, 'trace');
    const attempt = arena.prepare(family, randomFrom(run));
    const begun = performance.now();
    const { ended } = arena.world.begin(attempt.args, { OPENCLAW_RELEASES_FAULT_TRACE: trace });
    const { json } = await ended;
    cycle.ms += (performance.now() - begun) / RUNS;
    cycle.points = [...new Set([...cycle.points, ...readFileSync(trace, 'utf8').trim().split('\n')])];
    rmSync(trace);
    checkEnd(arena, attempt, json);
  }
  return cycle;
}

/** A change that nobody interrupts ends as its release deserves. */
function checkEnd(arena: Arena, attempt: Attempt, answer: { status?: string; error?: object } | null): void {
  const good = ['good', 'slow', 'rollback'].includes(attempt.family);
  const verified = answer?.status === 'package_updated_restart_verified';
  if (verified !== good)
    throw new Error(`Without interruption, "${attempt.family}" ended so: ${JSON.stringify(answer)}`);
  if (good) arena.proven.add(attempt.to);
}
