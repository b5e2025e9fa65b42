import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { releaseDirectory } from '../../src/store/manifest.js';
import { rootAt } from '../../src/store/root.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { CLI } from '../support/world.js';
import { type Cost, time } from './looking.js';
import { measure } from './measure.js';
import { ours } from './peers.js';
import { inTurn, median, type Section, spread } from './section.js';

const VERSION = '2026.9.6';
const LEAST_ROUNDS = 5;
const OURS = 'verify';
const SHA256SUM = 'xargs -P2 sha256sum';

/** Costs of `verify` beside `sha256sum` over the same files of a real OpenClaw. */
export const section: Section = {
  title: 'Verifying',
  async run({ directory, rounds, say }) {
    const node = await sqliteNode();
    const place = join(directory, 'real');
    mkdirSync(place);
    say(`staging ${VERSION}`);
    await measure(ours(node).command(VERSION, place, join(directory, 'cache')));
    const release = releaseDirectory(rootAt(place), VERSION);
    // Runs at the priority that verify has, since this machine has other work.
    const peer = 'find . -type f -print0 | nice xargs -0 -P2 -n200 sha256sum > /dev/null';
    const arms: [string, () => Cost][] = [
      [OURS, () => time(node, [CLI, 'verify', VERSION, '--root', place])],
      [SHA256SUM, () => time('bash', ['-c', peer], release)],
    ];
    // Both read what is in memory.
    for (const [, run] of arms) run();
    const samples: ({ name: string } & Cost)[] = [];
    const count = Math.max(rounds, LEAST_ROUNDS);
    for (let round = 0; round < count; round++) {
      for (const [name, run] of inTurn(arms, round)) samples.push({ name, ...run() });
      say(`${round + 1} of ${count} rounds`);
    }
    const all = (name: string, key: keyof Cost) =>
      samples.filter((one) => one.name === name).map((one) => one[key]);
    const of = (name: string, key: keyof Cost) => median(all(name, key));
    const cores = (name: string) => of(name, 'cpu') / of(name, 'wall');
    return {
      about: `OpenClaw ${VERSION}, all of it in memory. Milliseconds, medians (least to most), in turn.`,
      tables: [
        {
          columns: ['', 'wall clock', 'processor', 'cores used'],
          rows: arms.map(([name]) => [
            name,
            spread(all(name, 'wall')),
            spread(all(name, 'cpu')),
            cores(name).toFixed(2),
          ]),
        },
      ],
      targets: [
        {
          what: `verify, of ${SHA256SUM}`,
          ratio: of(OURS, 'wall') / of(SHA256SUM, 'wall'),
          atMost: 1.2,
        },
        {
          what: `cores that ${SHA256SUM} uses, of those that verify uses`,
          ratio: cores(SHA256SUM) / cores(OURS),
          atMost: 1.2,
        },
      ],
      samples,
    };
  },
};
