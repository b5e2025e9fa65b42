import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { anySeed, draw, randomFrom } from '../torture/random.js';
import { MUTANTS, type Mutant, type Tests } from './mutants.js';
import { Scratch } from './scratch.js';
import { control, type Outcome, tryMutant } from './trial.js';

const USAGE = `npm run test:mutants -- [--only NAME]... [--lane fast|LANE]... [--shard I/N] [--sample N [--seed S]] [--jobs N] [--list]`;

const FAST = ['unit', 'integration'];

/** Checkout of this file; `dist/` is current by now. */
const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    lane: { type: 'string', multiple: true, default: [] },
    shard: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) fail(USAGE, 0);
const chosen = choose();
if (values.list) {
  for (const { name, caughtBy, file } of chosen) console.log(`${caughtBy.lane.padEnd(12)} ${name}: ${file}`);
  process.exit(0);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
const scratches: Scratch[] = [];
process.on('exit', () => {
  for (const scratch of scratches.splice(0)) scratch.remove();
});

const begun = performance.now();
const jobs = Math.min(count(values.jobs), chosen.length);
for (let job = 0; job < jobs; job++) scratches.push(new Scratch(CHECKOUT));

const problems = (
  await inParallel(groupsOf(chosen), (scratch, group) => control(scratch, group, stop.signal))
).flat();
if (stop.signal.aborted) process.exit(130);
if (problems.length > 0) fail(`Without a mutant, tests fail; nothing is proven:\n${problems.join('\n')}`, 1);
console.log(`control: ${groupsOf(chosen).length} runs passed in ${seconds(performance.now() - begun)}`);

const outcomes = await inParallel(chosen, async (scratch, mutant) => {
  const outcome = await tryMutant(scratch, mutant, mutant.caughtBy, stop.signal);
  if (!stop.signal.aborted) console.log(line(outcome));
  return outcome;
});
if (stop.signal.aborted) process.exit(130);

const caught = outcomes.filter(({ result }) => result === 'caught');
const others = outcomes.filter(({ result }) => result !== 'caught');
const survived = others.filter(({ result }) => result === 'survived');
console.log(`\n${['mutant', 'caught by', 'seconds'].join(' | ')}`);
for (const outcome of outcomes) console.log(row(outcome));
for (const outcome of others) console.error(`${outcome.result}: ${line(outcome)}`);
const invalid = others.length - survived.length;
const more = invalid === 0 ? '' : `, ${invalid} invalid`;
console.log(
  `${caught.length} caught, ${survived.length} survived${more} in ${seconds(performance.now() - begun)}`,
);
process.exit(others.length === 0 ? 0 : 1);

function choose(): Mutant[] {
  const unknown = values.only.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown.length > 0) fail(`There is no mutant ${unknown.join(', ')}.`, 2);
  const lanes = values.lane.flatMap((lane) => (lane === 'fast' ? FAST : [lane]));
  const named = MUTANTS.filter(
    ({ name, caughtBy }) =>
      (values.only.length === 0 || values.only.includes(name)) &&
      (lanes.length === 0 || lanes.includes(caughtBy.lane)),
  );
  const some = inShard(sample(named));
  if (some.length === 0) fail(`No mutant is chosen.\n${USAGE}`, 2);
  return some;
}

function sample(mutants: Mutant[]): Mutant[] {
  if (values.sample === undefined) return mutants;
  const seed = values.seed === undefined ? anySeed() : count(values.seed);
  console.log(`seed ${seed}`);
  return draw(randomFrom(seed), mutants, count(values.sample));
}

function inShard(mutants: Mutant[]): Mutant[] {
  if (values.shard === undefined) return mutants;
  const [, at, of] = /^(\d+)\/(\d+)$/.exec(values.shard) ?? fail(`${values.shard} is not I/N.`, 2);
  return mutants.filter((_, index) => index % Number(of) === Number(at) - 1);
}

/** Groups of tests to run once without a mutant: whole files, or a file with the titles of all its mutants. */
function groupsOf(mutants: Mutant[]): Tests[][] {
  const all = mutants.map(({ caughtBy }) => caughtBy);
  const whole = all.filter(({ title }) => title === undefined);
  const titled = new Map<string, Tests[]>();
  for (const one of all.filter(({ title }) => title !== undefined)) {
    const name = one.tests.join(' ');
    titled.set(name, [...(titled.get(name) ?? []), one]);
  }
  return [...(whole.length > 0 ? [whole] : []), ...titled.values()];
}

/** Runs items one after the other in each copy of the checkout; answers in the order of `items`. */
async function inParallel<T, R>(items: T[], work: (scratch: Scratch, item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const next = items.entries();
  await Promise.all(
    scratches.map(async (scratch) => {
      for (const [index, item] of next) {
        if (stop.signal.aborted) return;
        results[index] = await work(scratch, item);
      }
    }),
  );
  return results;
}

function row({ mutant, by, seconds: took }: Outcome): string {
  return [mutant.name, by, took.toFixed(1)].join(' | ');
}

function line(outcome: Outcome): string {
  return `${outcome.result === 'caught' ? 'caught  ' : outcome.result.toUpperCase()} ${row(outcome)}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) fail(`${text} is not a number.\n${USAGE}`, 2);
  return Number(text);
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}
