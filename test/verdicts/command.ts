/** `npm run verdicts`: updates on slow, busy and swapping hosts; no good release may be rolled back, and no bad one kept. */
import { parseArgs } from 'node:util';
import { anySeed } from '../torture/random.js';
import { drawCase, makeHosts, summary, tell, type Verdict, wrong } from './verdicts.js';

const USAGE = 'npm run verdicts -- [--rounds N] [--seed S] [--jobs N]';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(anySeed()) },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const count = (text: string) => {
  if (!/^\d+$/.test(text)) throw new Error(`${text} is not a number.\n${USAGE}`);
  return Number(text);
};
const [rounds, seed, jobs] = [count(values.rounds), count(values.seed), count(values.jobs)];
console.log(`seed ${seed}`);
const verdicts: Verdict[] = [];
let begun = 0;
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    stopped = true;
  });
const work = async (_: unknown, job: number) => {
  const ends: (() => void | Promise<void>)[] = [];
  try {
    const hosts = await makeHosts(String(job), (clean) => ends.push(clean));
    while (begun < rounds && !stopped) {
      const own = seed + begun++;
      const verdict = await hosts.update(drawCase(own));
      verdicts.push(verdict);
      console.log(`${own}: ${tell(verdict)}`);
    }
  } finally {
    for (const end of ends.reverse()) await end();
  }
};
await Promise.all(Array.from({ length: jobs }, work));
const faults = wrong(verdicts);
console.log(`\n${summary(verdicts)}\n`);
for (const fault of faults) console.log(`WRONG: ${tell(fault)}`);
console.log(`${verdicts.length} updates, ${faults.length} wrong verdicts (seed ${seed}).`);
process.exitCode = faults.length > 0 ? 1 : 0;
