import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeDirectory } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { type Figures, measure } from './measure.js';
import { bun, NPM, npm, OURS, ours, type Peer, PNPM, pnpm } from './peers.js';
import {
  type BenchOptions,
  inTurn,
  median,
  type Report,
  type Section,
  spread,
  type Target,
} from './section.js';

const VERSION = '2026.9.6';
const PREVIOUS = '2026.9.5';
const SITUATIONS = ['cold', 'previous', 'warm'] as const;
type Situation = (typeof SITUATIONS)[number];

interface Sample extends Figures {
  peer: string;
  situation: Situation;
}

/**
 * What it costs to get a release onto the disk: with an empty cache, with the cache that the previous release left, and
 * with everything cached. Ours is the whole command: it proves, digests and syncs what the others do not.
 */
export const section: Section = {
  title: 'Staging a release',
  async run(options) {
    const peers = await choosePeers(options);
    return reportOn(await rounds(peers, options));
  },
};

async function choosePeers({ directory, say }: BenchOptions): Promise<Peer[]> {
  const node = await sqliteNode();
  const others = [npm, pnpm, bun].flatMap((peer) => {
    try {
      return [peer(node)];
    } catch (error) {
      say(`without ${peer.name}: ${(error as Error).message}`);
      return [];
    }
  });
  return [
    ours(node),
    ours(node, { version: VERSION, lockfile: await lockfileOf(node, directory) }),
    ...others,
  ];
}

/** As a fleet, `import` and a restage have it: of a release that was staged before. */
async function lockfileOf(node: string, directory: string): Promise<string> {
  const place = join(directory, 'locked');
  mkdirSync(place);
  await measure(ours(node).command(VERSION, place, join(directory, 'locked-cache')));
  const kept = join(directory, 'package-lock.json');
  cpSync(join(place, 'releases', VERSION, 'package-lock.json'), kept);
  removeDirectory(place);
  return kept;
}

async function rounds(peers: Peer[], options: BenchOptions): Promise<Sample[]> {
  const { directory, say } = options;
  const samples: Sample[] = [];
  const cache = join(directory, 'cache');
  const left = new Map(peers.map((peer, at) => [peer, join(directory, `left-${at}`)]));
  for (const [peer, kept] of left) await install(peer, PREVIOUS, kept, directory);
  for (let round = 0; round < options.rounds; round++) {
    for (const peer of inTurn(peers, round)) {
      for (const situation of SITUATIONS) {
        if (situation === 'cold') rmSync(cache, { recursive: true, force: true });
        if (situation === 'previous') replace(cache, left.get(peer) ?? '');
        const figures = await install(peer, VERSION, cache, directory);
        samples.push({ peer: peer.name, situation, ...figures });
        say(`${peer.name}, ${situation}: ${figures.seconds.toFixed(1)} s, ${figures.peakMebibytes} MiB`);
      }
    }
  }
  return samples;
}

function replace(cache: string, by: string): void {
  rmSync(cache, { recursive: true, force: true });
  cpSync(by, cache, { recursive: true, preserveTimestamps: true });
}

async function install(peer: Peer, version: string, cache: string, directory: string): Promise<Figures> {
  const place = join(directory, 'place');
  mkdirSync(place, { recursive: true });
  mkdirSync(cache, { recursive: true });
  try {
    return await measure(peer.command(version, place, cache));
  } finally {
    removeDirectory(place);
  }
}

function reportOn(samples: Sample[]): Report {
  const all = (peer: string, situation: Situation, key: keyof Figures) =>
    samples.filter((one) => one.peer === peer && one.situation === situation).map((one) => one[key]);
  const ratio = (situation: Situation, key: keyof Figures, of: string, peer = OURS) =>
    median(all(peer, situation, key)) / median(all(of, situation, key));
  const names = [...new Set(samples.map(({ peer }) => peer))];
  const rows = names.flatMap((peer) =>
    SITUATIONS.map((situation) => {
      const cells = (key: keyof Figures, digits: number) => [
        spread(all(peer, situation, key), digits),
        `${ratio(situation, key, NPM, peer).toFixed(2)}x`,
      ];
      return [
        ...[peer, situation, ...cells('seconds', 1)],
        ...[...cells('cpuSeconds', 1), ...cells('peakMebibytes', 0)],
      ];
    }),
  );
  const targets: Target[] = [
    { what: 'staging with an empty cache, of npm i -g', ratio: ratio('cold', 'seconds', NPM), atMost: 0.4 },
    {
      what: "staging with the previous release's cache, of npm i -g",
      ratio: ratio('previous', 'seconds', NPM),
      atMost: 0.3,
    },
    ...SITUATIONS.slice(0, 2).map((situation) => ({
      what: `staging (${situation}), of pnpm with copied files`,
      ratio: ratio(situation, 'seconds', PNPM),
      atMost: 1,
    })),
    {
      what: 'peak memory while staging with an empty cache, all processes, of npm i -g',
      ratio: ratio('cold', 'peakMebibytes', NPM),
      atMost: 0.35,
    },
  ];
  return {
    about: `OpenClaw ${VERSION} after ${PREVIOUS}: medians (least to most), each in turn in every round.`,
    tables: [
      { columns: ['', 'cache', 'seconds', 'of npm', 'processor', 'of npm', 'peak MiB', 'of npm'], rows },
    ],
    targets,
    samples,
  };
}
