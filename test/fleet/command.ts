import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeDirectory } from '../support/place.js';
import { anySeed, randomFrom } from '../torture/random.js';
import { drawSchedule, HOSTS, type Schedule } from './schedule.js';
import { brokenRules, type Outcome, STOCK, simulate, type Way } from './simulation.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(anySeed()) },
    jobs: { type: 'string', default: '2' },
    /** Each nth schedule also runs without the gate, with each of Ansible's settings. */
    'stock-every': { type: 'string', default: '10' },
  },
});
const [rounds, seed, jobs, every] = [values.rounds, values.seed, values.jobs, values['stock-every']].map(
  Number,
) as [number, number, number, number];

interface Tally {
  runs: number;
  /** Hosts that were restarted: the most, and in all runs. */
  most: number;
  reached: number;
  /** Runs that continued after the batch with the failure, and their hosts beyond it. */
  late: number;
  beyond: number;
}

const tallies = new Map<string, Tally>();
let broken = 0;
let next = 0;

function count(kind: string, way: string, { reached, beyond }: Outcome): void {
  const key = `${kind} | ${way}`;
  const tally = tallies.get(key) ?? { runs: 0, most: 0, reached: 0, late: 0, beyond: 0 };
  tallies.set(key, {
    runs: tally.runs + 1,
    most: Math.max(tally.most, reached.length),
    reached: tally.reached + reached.length,
    late: tally.late + (beyond.length > 0 ? 1 : 0),
    beyond: tally.beyond + beyond.length,
  });
}

async function run(schedule: Schedule, way: Way): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-releases-fleet-'));
  try {
    return await simulate(schedule, way, directory);
  } finally {
    removeDirectory(directory);
  }
}

async function work(): Promise<void> {
  while (next < rounds) {
    const turn = next++;
    const schedule = drawSchedule(randomFrom(seed + turn));
    const ways: Way[] = turn % every === 0 ? ['gate', ...STOCK] : ['gate'];
    for (const way of ways) {
      const outcome = await run(schedule, way);
      count(schedule.kind, way, outcome);
      const rules = way === 'gate' ? brokenRules(schedule, outcome) : [];
      broken += rules.length > 0 ? 1 : 0;
      if (rules.length > 0)
        console.log(`${rules.join('; ')}: --seed ${seed + turn} --rounds 1\n${outcome.output}`);
    }
  }
}

console.log(`${rounds} schedules over ${HOSTS.length} hosts, seed ${seed}`);
await Promise.all(Array.from({ length: jobs }, work));
console.log('schedule | roll-out | runs | most hosts restarted | mean | runs that continued | hosts beyond');
for (const [key, { runs, most, reached, late, beyond }] of [...tallies].sort())
  console.log([key, runs, most, (reached / runs).toFixed(1), late, beyond].join(' | '));
console.log(`${rounds - broken} of ${rounds} keep the rules`);
process.exitCode = broken > 0 ? 1 : 0;
