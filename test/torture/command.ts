import { parseArgs } from 'node:util';
import { makeArena } from './arena.js';
import { cutRound, DISK_MEBIBYTES, WITHOUT_FSYNC } from './cut.js';
import { fullRound } from './full.js';
import { killRound } from './kill.js';
import { tally } from './outcome.js';
import { raceRound } from './race.js';
import { anySeed, randomFrom } from './random.js';
import { type Kind, runRounds } from './rounds.js';

const KINDS: Record<string, Kind> = {
  kill: { makeArena, round: killRound },
  cut: { makeArena: () => makeArena({ disk: DISK_MEBIBYTES }), round: cutRound },
  'cut-without-fsync': {
    makeArena: () => makeArena({ disk: DISK_MEBIBYTES, env: WITHOUT_FSYNC }),
    round: cutRound,
  },
  full: { makeArena: () => makeArena({ disk: DISK_MEBIBYTES }), round: fullRound },
  race: {
    makeArena,
    async round({ world }, _, seed) {
      const winner = await raceRound(world, randomFrom(seed), seed);
      return { how: 'finished', at: 'at the lock', note: `${winner} won` };
    },
  },
};

const USAGE = `npm run torture -- [--kind ${Object.keys(KINDS).join('|')}] [--rounds N] [--minutes N] [--seed S] [--jobs N] [--keep-going]`;

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'kill' },
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: String(anySeed()) },
    jobs: { type: 'string', default: '2' },
    'keep-going': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const kind = KINDS[values.kind];
if (values.help || !kind) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const count = (text: string) => {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`${text} is not a number.\n${USAGE}`);
  return Number(text);
};
const seed = count(values.seed);
const { rounds, minutes = rounds === undefined ? '5' : undefined } = values;
console.log(`kind ${values.kind}, seed ${seed}`);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
const { outcomes, failures } = await runRounds(kind, {
  seed,
  rounds: rounds === undefined ? Number.POSITIVE_INFINITY : count(rounds),
  ...(minutes !== undefined && { withinMs: count(minutes) * 60_000 }),
  jobs: count(values.jobs),
  keepGoing: values['keep-going'],
  signal: stop.signal,
  say: (line) => console.log(line),
});
console.log(`\n${tally(outcomes)}`);
console.log(`\n${outcomes.length} rounds held, ${failures.length} broke something (seed ${seed}).`);
for (const failure of failures) console.log(`  seed ${failure.seed}: ${failure.evidence}`);
process.exitCode = failures.length > 0 ? 1 : 0;
