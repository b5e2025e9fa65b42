/** `npm run verdicts`: updates on slow, busy and swapping hosts; no good release may be rolled back, and no bad one kept. */
import { parseArgs } from 'node:util';
import { stageReleases } from '../openclaw/openclaw-variants.js';
import { anySeed } from '../torture/random.js';
import { MINIATURE } from './miniature.js';
import { realOpenClaw } from './openclaw.js';
import { drawCase, makeHosts, summary, tell, type Verdict, wrong } from './verdicts.js';

const USAGE = 'npm run verdicts -- [--rounds N] [--seed S] [--jobs N] [--openclaw [--keep DIRECTORY]]';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(anySeed()) },
    jobs: { type: 'string', default: '2' },
    /** Real releases from the registry, in place of miniature ones. */
    openclaw: { type: 'boolean', default: false },
    /** Keeps what is staged there for the next run. */
    keep: { type: 'string' },
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
const [rounds, seed] = [count(values.rounds), count(values.seed)];
const jobs = count(values.jobs);
console.log(`seed ${seed}`);
const ofAll: (() => void | Promise<void>)[] = [];
const subject = values.openclaw
  ? realOpenClaw(await stageReleases((clean) => ofAll.push(clean), values.keep ?? null))
  : MINIATURE;
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
    const hosts = await makeHosts(subject, String(job), (clean) => ends.push(clean));
    while (begun < rounds && !stopped) {
      const own = seed + begun++;
      const verdict = await hosts.update(drawCase(subject, own));
      verdicts.push(verdict);
      console.log(`${own}: ${tell(verdict)}`);
    }
  } catch (error) {
    stopped = true;
    throw error;
  } finally {
    for (const end of ends.reverse()) await end();
  }
};
const ended = await Promise.allSettled(Array.from({ length: jobs }, work));
for (const end of ofAll.reverse()) await end();
for (const one of ended) if (one.status === 'rejected') throw one.reason;
const faults = wrong(verdicts);
console.log(`\n${summary(subject, verdicts)}\n`);
for (const fault of faults) console.log(`WRONG: ${tell(fault)}`);
console.log(`${verdicts.length} updates, ${faults.length} wrong verdicts (seed ${seed}).`);
process.exitCode = faults.length > 0 ? 1 : 0;
