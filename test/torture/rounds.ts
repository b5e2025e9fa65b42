import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { slowness } from '../support/slowness.js';
import type { Arena, MiniatureArena } from './arena.js';
import { Cycles } from './cycles.js';
import { Broken, type Outcome } from './outcome.js';
import { describeProcess, processesOf } from './processes.js';

/** One kind of torture. */
export interface Kind<A extends Arena = MiniatureArena> {
  makeArena(): Promise<A>;
  round(arena: A, cycles: Cycles, seed: number): Promise<Outcome>;
  /** Milliseconds for one round, where not the usual ones. */
  withinMs?: number;
}

export interface RoundsOptions {
  /** Seed of round 0; round n has this plus n, so that it can run alone. */
  seed: number;
  rounds: number;
  /** No round begins after this; milliseconds from now. */
  withinMs?: number;
  /** Arenas at once: most of the time is waiting. */
  jobs?: number;
  /** Continues after a round that broke something. */
  keepGoing?: boolean;
  /** Aborted: no round begins any more, and what runs is cleaned up. */
  signal?: AbortSignal;
  say?: (line: string) => void;
}

export interface Failure {
  seed: number;
  message: string;
  /** Directory that keeps the root and the journal of that round. */
  evidence: string;
}

export interface Result {
  outcomes: Outcome[];
  failures: Failure[];
}

/**
 * A round takes seconds, and less than a minute on a busy machine: past this, something waits for what does not come, and what
 * lives then says what for.
 */
const ROUND_WITHIN_MS = 150_000 * slowness;

/** Runs rounds until there are enough, the time is over, or one breaks an invariant. */
export async function runRounds<A extends Arena>(kind: Kind<A>, options: RoundsOptions): Promise<Result> {
  const { seed, rounds, withinMs = Number.POSITIVE_INFINITY, jobs = 2, keepGoing = false } = options;
  const say = options.say ?? (() => {});
  const result: Result = { outcomes: [], failures: [] };
  const cycles = new Cycles();
  const deadline = performance.now() + withinMs;
  let begun = 0;
  const more = () =>
    begun < rounds &&
    performance.now() < deadline &&
    !options.signal?.aborted &&
    (keepGoing || result.failures.length === 0);

  const work = async () => {
    let arena: A | null = null;
    try {
      while (more()) {
        const own = seed + begun++;
        arena ??= await kind.makeArena();
        arena.journal.length = 0;
        try {
          const outcome = await endOf(
            kind.round(arena, cycles, own),
            arena,
            kind.withinMs ?? ROUND_WITHIN_MS,
          );
          result.outcomes.push(outcome);
          say(`${own}: ${outcome.how}, ${outcome.at} (${outcome.note})`);
        } catch (error) {
          const failure = keepEvidence(arena, own, error);
          result.failures.push(failure);
          say(describeFailure(failure));
          await arena.end();
          arena = null;
        }
      }
    } finally {
      await arena?.end();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return result;
}

/** The end of a round, or of its time. */
async function endOf(
  round: Promise<Outcome>,
  { world, supervised }: Arena,
  withinMs: number,
): Promise<Outcome> {
  const over = new AbortController();
  const limit = pause(withinMs, null, { signal: over.signal, ref: false }).then(() => {
    const living = processesOf(world.path, [supervised.pid]).map(describeProcess);
    throw new Broken([`No end within ${withinMs} ms. What lives:`, ...living]);
  });
  try {
    return await Promise.race([round, limit]);
  } finally {
    over.abort();
    for (const late of [round, limit]) late.catch(() => {});
  }
}

export function describeFailure({ seed, message, evidence }: Failure): string {
  return `BROKEN in the round of seed ${seed} (repeat it with --seed ${seed}, and one round or step):\n${message}\nEvidence: ${evidence}`;
}

function keepEvidence(arena: Arena, seed: number, error: unknown): Failure {
  const evidence = mkdtempSync(join(tmpdir(), `openclaw-releases-torture-${seed}-`));
  const message = error instanceof Broken ? error.message : String((error as Error).stack ?? error);
  writeFileSync(
    join(evidence, 'journal.txt'),
    [message, ...arena.journal, arena.supervised.stderr()].join('\n'),
  );
  try {
    const filter = (path: string) => !path.endsWith('.sock');
    cpSync(arena.root.path, join(evidence, 'root'), { recursive: true, verbatimSymlinks: true, filter });
  } catch (cause) {
    writeFileSync(join(evidence, 'not-copied.txt'), String(cause));
  }
  return { seed, message, evidence };
}
