import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Arena, type ArenaOptions, makeArena } from './arena.js';
import { Cycles } from './cycles.js';
import { Broken, type Outcome } from './outcome.js';

/** One kind of torture. */
export interface Kind {
  arena: ArenaOptions;
  round(arena: Arena, cycles: Cycles, seed: number): Promise<Outcome>;
}

export interface RoundsOptions {
  /** Of round 0; round n has this plus n, so that it can be had alone. */
  seed: number;
  rounds: number;
  /** No round begins after this; milliseconds from now. */
  withinMs?: number;
  /** Arenas at once: most of the time is waiting. */
  jobs?: number;
  /** Goes on after a round that broke something. */
  keepGoing?: boolean;
  /** Aborted: no round begins any more, and what runs is cleaned up. */
  signal?: AbortSignal;
  say?: (line: string) => void;
}

export interface Failure {
  seed: number;
  message: string;
  /** Where the root and the journal of that round are kept. */
  evidence: string;
}

export interface Result {
  outcomes: Outcome[];
  failures: Failure[];
}

/** Runs rounds until there are enough, the time is over, or one breaks an invariant. */
export async function runRounds(kind: Kind, options: RoundsOptions): Promise<Result> {
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
    let arena: Arena | null = null;
    try {
      while (more()) {
        const own = seed + begun++;
        arena ??= await makeArena(kind.arena);
        arena.journal.length = 0;
        try {
          const outcome = await kind.round(arena, cycles, own);
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

export function describeFailure({ seed, message, evidence }: Failure): string {
  return `BROKEN in the round of seed ${seed} (repeat it: --seed ${seed} --rounds 1):\n${message}\nEvidence: ${evidence}`;
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
