import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { releaseDirectory } from '../../src/store/manifest.js';
import { rootAt } from '../../src/store/root.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { CLI } from '../support/world.js';
import { BARE, BIG, type Cost, lookingArms, SMALL, time, UNDER_SYSTEMD } from './looking.js';
import { measure } from './measure.js';
import { ours } from './peers.js';
import { type BenchOptions, inTurn, median, type Report, type Section, spread } from './section.js';

const VERSION = '2026.9.6';
/** They take a tenth of a second. */
const LEAST_ROUNDS = 20;
const LEAST_VERIFY_ROUNDS = 5;
const OURS = 'verify';
const SHA256SUM = 'xargs -P2 sha256sum';

interface Sample extends Cost {
  node: string;
  name: string;
}

/**
 * Costs of commands that only read: `list` and `status` beside a Node that does nothing, with a small root and a large one,
 * with a gateway that runs (as it mostly does) and without, and with a gateway under systemd; and `verify` beside
 * `sha256sum` over the same files.
 */
export const section: Section = {
  title: 'Looking',
  async run(options) {
    const looks = await lookingRounds(options);
    const verified = await verifyRounds(options);
    return reportOn(looks, verified);
  },
};

async function lookingRounds({ directory, rounds, say }: BenchOptions): Promise<Sample[]> {
  const cleaners: (() => unknown)[] = [];
  const samples: Sample[] = [];
  try {
    const arms = await lookingArms(directory, (clean) => void cleaners.push(clean));
    const least = Math.max(rounds, LEAST_ROUNDS);
    for (let round = 0; round < least; round++) {
      for (const { node, name, time } of inTurn(arms, round)) samples.push({ node, name, ...(await time()) });
      if (round % 5 === 4) say(`${round + 1} of ${least} rounds`);
    }
  } finally {
    for (const clean of cleaners.reverse()) await clean();
  }
  return samples;
}

async function verifyRounds({ directory, rounds, say }: BenchOptions): Promise<Sample[]> {
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
  const samples: Sample[] = [];
  for (let round = 0; round < Math.max(rounds, LEAST_VERIFY_ROUNDS); round++) {
    for (const [name, run] of inTurn(arms, round)) samples.push({ node: '', name, ...run() });
  }
  return samples;
}

function reportOn(looks: Sample[], verified: Sample[]): Report {
  const of = (all: Sample[], node: string, name: string, key: keyof Cost) =>
    all.filter((one) => one.node === node && one.name === name).map((one) => one[key]);
  const ratio = (node: string, name: string, to: string, key: keyof Cost = 'cpu') =>
    median(of(looks, node, name, key)) / median(of(looks, node, to, key));
  const distinct = (all: Sample[], key: 'node' | 'name') => [...new Set(all.map((one) => one[key]))];
  const nodes = distinct(looks, 'node').sort();
  const bareOf = (name: string) => (name.endsWith(UNDER_SYSTEMD) ? `${BARE}, ${UNDER_SYSTEMD}` : BARE);
  const rows = nodes.flatMap((node) =>
    distinct(looks, 'name')
      .sort()
      .map((name) => [
        ...[node, name],
        ...(['cpu', 'wall'] as const).flatMap((key) => [
          ...[spread(of(looks, node, name, key)), `${ratio(node, name, bareOf(name), key).toFixed(2)}x`],
        ]),
      ]),
  );
  const verify = (name: string, key: keyof Cost) => median(of(verified, '', name, key));
  const cores = (name: string) => verify(name, 'cpu') / verify(name, 'wall');
  return {
    about: `Small: ${SMALL.releases} releases and ${SMALL.changes} changes; large: ${BIG.releases} and ${BIG.changes}. Milliseconds, medians (least to most), each in turn in every round; promises are of processor time. verify: OpenClaw ${VERSION}, all of it in memory.`,
    tables: [
      { columns: ['Node', '', 'processor', 'of node -e 0', 'wall clock', 'of node -e 0'], rows },
      {
        columns: ['', 'wall clock', 'processor', 'cores used'],
        rows: distinct(verified, 'name').map((name) => [
          ...[name, spread(of(verified, '', name, 'wall')), spread(of(verified, '', name, 'cpu'))],
          cores(name).toFixed(2),
        ]),
      },
    ],
    targets: [
      ...nodes.flatMap((node) =>
        ['list', 'status'].flatMap((command) => [
          {
            what: `${command} on Node ${node}, of node -e 0`,
            ratio: ratio(node, `${command}, small root`, BARE),
            atMost: 2,
          },
          {
            what: `${command} on Node ${node}, ${UNDER_SYSTEMD}, of node -e 0`,
            ratio: ratio(node, `${command}, ${UNDER_SYSTEMD}`, `${BARE}, ${UNDER_SYSTEMD}`),
            atMost: 2,
          },
          {
            what: `${command} on Node ${node} with a large root, of a small one`,
            ratio: ratio(node, `${command}, large root`, `${command}, small root`),
            atMost: 1.5,
          },
        ]),
      ),
      {
        what: `verify, of ${SHA256SUM}`,
        ratio: verify(OURS, 'wall') / verify(SHA256SUM, 'wall'),
        atMost: 1.2,
      },
      {
        what: `cores that ${SHA256SUM} uses, of those that verify uses`,
        ratio: cores(SHA256SUM) / cores(OURS),
        atMost: 1.2,
      },
    ],
    samples: { looks, verified },
  };
}
