import { existsSync, readlinkSync } from 'node:fs';
import { table } from '../../src/cli/table.js';
import { listenerPids } from '../../src/host/listener.js';
import { syncFilesystem } from '../../src/host/sync.js';
import { listChanges } from '../../src/ledger/ledger.js';
import { emptyTally, type Tally } from '../support/load.js';
import type { Arena } from '../torture/arena.js';
import type { Cycles } from '../torture/cycles.js';
import { brokenInvariants } from '../torture/invariants.js';
import { Broken, type Outcome } from '../torture/outcome.js';
import { between, pickWeighted, randomFrom } from '../torture/random.js';
import { type Kind, type Result, type RoundsOptions, runRounds } from '../torture/rounds.js';
import { Lifetimes } from './lifetimes.js';
import { type Notebook, Rows } from './rows.js';
import { ON_A_DISK, type Step } from './steps.js';

/** All that is done to one kind of gateway. */
export interface Course<A extends Arena> {
  makeArena(): Promise<A>;
  /** Kinds of steps, and how often each comes. */
  weights: Record<string, number>;
  steps: Record<string, Step<A>>;
  notebook(arena: A): Notebook;
  /** Asks a gateway for work until aborted. */
  load(arena: A, signal: AbortSignal, tally: Tally): Promise<unknown>;
  /** Milliseconds for one step, where not the usual ones. */
  withinMs?: number;
}

/** A gateway for hours, with load, and one step after the other done to it. */
export class Soak<A extends Arena> {
  readonly #rows = new WeakMap<Arena, Rows>();
  readonly #lifetimes = new Lifetimes();
  readonly #steps: { kind: string; outcome: string }[] = [];
  readonly #load = emptyTally();
  readonly #course: Course<A>;
  readonly kind: Kind<A>;

  constructor(course: Course<A>) {
    this.#course = course;
    const { makeArena, withinMs } = course;
    const round: Kind<A>['round'] = (arena, cycles, seed) => this.#step(arena, cycles, seed);
    this.kind = { makeArena, round, ...(withinMs !== undefined && { withinMs }) };
  }

  run(options: RoundsOptions): Promise<Result> {
    return runRounds(this.kind, options);
  }

  /** Kind of the step of a seed: nothing that happened before it plays a part. */
  kindOf(seed: number): string {
    return pickWeighted(randomFrom(seed), this.#course.weights);
  }

  /** @throws Broken what does not hold */
  async #step(arena: A, cycles: Cycles, seed: number): Promise<Outcome> {
    const { steps, notebook, load: ask } = this.#course;
    const drawn = this.kindOf(seed);
    const kind = arena.disk === null && ON_A_DISK.includes(drawn) ? 'looks' : drawn;
    // The torture draws from its seed what was drawn here already.
    const own = Math.imul(seed, 2654435761) >>> 0;
    const random = randomFrom(own);
    const rows = this.#rows.get(arena) ?? new Rows(notebook(arena));
    this.#rows.set(arena, rows);
    await rows.write(Math.floor(between(random, 1, 5)));
    // A gateway owes its rows to nobody before they are on the disk.
    if (arena.disk) await syncFilesystem(arena.disk.mountPoint);
    const known = new Set(listChanges(arena.root).map(({ id }) => id));
    const over = new AbortController();
    const tally = emptyTally();
    const load: Promise<unknown>[] = [ask(arena, over.signal, tally)];
    // Else the gateway takes what the ballast gives back for a rollback.
    if (kind !== 'full disk') load.push(rows.keepWriting(over.signal));
    let outcome: string;
    try {
      const step = steps[kind];
      if (step === undefined) throw new Error(`No step is called ${kind}.`);
      outcome = await step({ arena, cycles, random, seed: own });
    } finally {
      over.abort();
      await Promise.all(load);
    }
    arena.journal.push(`${kind}: ${outcome}`);
    const isCut = kind === 'power cut';
    const broken = [
      ...(await brokenInvariants(arena, arena.running())),
      ...(await untrueStatus(arena)),
      ...(await rows.check(arena, known, !isCut && kind !== 'full disk')),
      ...(isCut ? [] : brokenLoad(tally)),
    ];
    if (broken.length > 0) throw new Broken([`After "${kind}" (${outcome}):`, ...broken]);
    for (const name of ['whole', 'mixed', 'unanswered'] as const) this.#load[name] += tally[name];
    await this.#lifetimes.look(arena);
    this.#steps.push({ kind, outcome });
    return { how: 'finished', at: kind, note: outcome };
  }

  /** Processes of this program that grew, and the count of those that lived long enough to tell. */
  growth(): { grown: string[]; judged: number } {
    return { grown: this.#lifetimes.grown(), judged: this.#lifetimes.judged() };
  }

  table(): string {
    const rows = [['step', 'times', 'outcomes']];
    for (const kind of Object.keys(this.#course.weights)) {
      const outcomes = this.#steps.filter((step) => step.kind === kind).map(({ outcome }) => outcome);
      const counts = [...new Set(outcomes)].map(
        (one) => `${one} ${outcomes.filter((o) => o === one).length}`,
      );
      if (outcomes.length > 0) rows.push([kind, String(outcomes.length), counts.join(', ')]);
    }
    const { whole, mixed, unanswered } = this.#load;
    const load = `Requests: ${whole} answered by one version, ${mixed} by two, ${unanswered} by nobody.`;
    return [table(rows), this.#lifetimes.table(), load].join('\n\n');
  }
}

/** Contradictions between `status` and what the kernel, the network and the disk say. */
async function untrueStatus({ world, root }: Arena): Promise<string[]> {
  const status = await world.ok('status');
  const { gateway } = status;
  const link = (path: string) => (existsSync(path) ? readlinkSync(path).replace('releases/', '') : null);
  const claims = {
    current: [status.current, link(root.current)],
    previous: [status.previous, link(root.previous)],
    'version of the gateway': [gateway?.release, await world.version()],
    'pid of the gateway': [gateway?.pid, listenerPids(world.port)?.[0]],
    ready: [gateway?.health.ready, (await world.get('/readyz'))?.status === 200],
    trial: [status.trial !== null, existsSync(root.trial)],
    'last change': [status.last?.change, lastChange(root)],
    leftovers: [
      [
        status.running,
        status.restore,
        status.lock,
        ...status.interrupted,
        ...status.corrupt,
        ...status.faults,
      ],
      [null, null, null],
    ],
  };
  return Object.entries(claims).flatMap(([name, [said, seen]]) =>
    JSON.stringify(said) === JSON.stringify(seen)
      ? []
      : [`status says of ${name}: ${JSON.stringify(said)}, and ${JSON.stringify(seen)} is true.`],
  );
}

/** The change that was begun last; the numbers of changes grow, also where the clock was set back. */
function lastChange(root: Arena['root']): string | undefined {
  return listChanges(root)
    .filter(({ plan }) => plan.kind !== 'drill')
    .toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0))
    .at(-1)?.id;
}

function brokenLoad({ mixed, broken }: ReturnType<typeof emptyTally>): string[] {
  const errors = Object.entries(broken).map(([name, count]) => `${count} times ${name}`);
  return [
    ...(mixed > 0 ? [`${mixed} requests were answered by two versions.`] : []),
    ...(errors.length > 0 ? [`Requests failed: ${errors.join(', ')}.`] : []),
  ];
}
