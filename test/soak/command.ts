/** `npm run soak`: a gateway for hours, with load, to which everything happens that happens to hosts. */
import { parseArgs } from 'node:util';
import type { Arena } from '../torture/arena.js';
import { anySeed } from '../torture/random.js';
import { miniatureCourse } from './miniature.js';
import { openclawCourse } from './openclaw.js';
import { type Course, Soak } from './soak.js';

const USAGE =
  'npm run soak -- [--hours N | --steps N] [--seed S] [--keep-going] [--list N] [--openclaw [--keep DIRECTORY]]';

const { values } = parseArgs({
  options: {
    hours: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string', default: String(anySeed()) },
    /** Prints the order of the first steps, and runs none. */
    list: { type: 'string' },
    /** Real releases from the registry, in place of miniature ones. */
    openclaw: { type: 'boolean', default: false },
    /** Keeps what is staged there for the next run. */
    keep: { type: 'string' },
    'keep-going': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const count = (text: string) => {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`${text} is not a number.\n${USAGE}`);
  return Number(text);
};
const seed = count(values.seed);
const ends: (() => void | Promise<void>)[] = [];
const begin = <A extends Arena>({ course, lacks }: { course: Course<A>; lacks: string[] }) => ({
  soak: new Soak(course),
  lacks,
});
const { soak, lacks } = values.openclaw
  ? begin(await openclawCourse((clean) => ends.push(clean), values.keep ?? null))
  : begin(await miniatureCourse((clean) => ends.push(clean)));
if (values.list !== undefined) {
  for (let n = 0; n < count(values.list); n++) console.log(soak.kindOf(seed + n));
  for (const clean of ends) await clean();
  process.exit(0);
}
for (const sentence of lacks) console.log(sentence);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
const begun = performance.now();
console.log(`seed ${seed}`);
const { outcomes, failures } = await soak.run({
  seed,
  rounds: values.steps === undefined ? Number.POSITIVE_INFINITY : count(values.steps),
  ...(values.steps === undefined && { withinMs: count(values.hours ?? '1') * 3_600_000 }),
  jobs: 1,
  keepGoing: values['keep-going'],
  signal: stop.signal,
  say: (line) => console.log(line),
});
for (const clean of ends.reverse()) await clean();
const { grown, judged } = soak.growth();
const hours = ((performance.now() - begun) / 3_600_000).toFixed(2);
console.log(`\n${soak.table()}\n`);
for (const failure of failures) console.log(`  seed ${failure.seed}: ${failure.evidence}`);
for (const sentence of grown) console.log(`  ${sentence}`);
console.log(
  `${outcomes.length + failures.length} steps in ${hours} h, ${failures.length} broke something, ${grown.length} of ${judged} long-lived processes grew (seed ${seed}).`,
);
process.exitCode = failures.length + grown.length > 0 ? 1 : 0;
