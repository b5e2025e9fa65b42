import { cpSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { sqliteNode } from '../support/sqlite-node.js';
import { Aside, forgotten } from './aside.js';
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
 * What it costs to get a release onto the disk: with an empty cache, beside (or in the place of) the previous release with
 * the cache that it left, and with everything cached. Ours is the whole command: it proves, digests and syncs what the others do not.
 */
export const section: Section = {
  title: 'Staging a release',
  async run(options) {
    const aside = new Aside(options.directory);
    const peers = await choosePeers(options, aside);
    return reportOn(await rounds(peers, aside, options));
  },
};

async function choosePeers({ directory, say }: BenchOptions, aside: Aside): Promise<Peer[]> {
  const node = await sqliteNode();
  const others = [npm, pnpm, bun].flatMap((peer) => {
    try {
      return [peer(node)];
    } catch (error) {
      say(`without ${peer.name}: ${(error as Error).message}`);
      return [];
    }
  });
  const lockfile = join(directory, 'package-lock.json');
  const ground = groundIn(directory);
  // As a fleet, `import` and a restage have it: of a release that was staged before.
  await install(ours(node), VERSION, ground);
  cpSync(join(ground.place, 'releases', VERSION, 'package-lock.json'), lockfile);
  aside.put(ground.place, ground.cache);
  return [ours(node), ours(node, { version: VERSION, lockfile }), ...others];
}

/** Always the same two: some keep in the one where the other is. */
interface Ground {
  place: string;
  cache: string;
}

function groundIn(directory: string): Ground {
  return { place: join(directory, 'place'), cache: join(directory, 'cache') };
}

async function rounds(peers: Peer[], aside: Aside, options: BenchOptions): Promise<Sample[]> {
  const { directory, say } = options;
  const samples: Sample[] = [];
  const ground = groundIn(directory);
  const before = new Map<Peer, Ground>();
  for (const [at, peer] of peers.entries()) {
    await install(peer, PREVIOUS, ground);
    const left = groundIn(join(directory, `before-${at}`));
    mkdirSync(join(directory, `before-${at}`));
    for (const what of ['place', 'cache'] as const) renameSync(ground[what], left[what]);
    before.set(peer, left);
  }
  for (let round = 0; round < options.rounds; round++) {
    if (round > 0) aside.empty();
    for (const peer of inTurn(peers, round)) {
      // Some remove as much as they make.
      await forgotten();
      for (const situation of SITUATIONS) {
        // What everything is cached in is what the situation before has left.
        if (situation !== 'warm' && existsSync(ground.cache)) aside.put(ground.cache);
        if (situation === 'previous') await copyGround(before.get(peer), ground);
        const figures = await install(peer, VERSION, ground);
        aside.put(ground.place);
        samples.push({ peer: peer.name, situation, ...figures });
        say(`${peer.name}, ${situation}: ${figures.seconds.toFixed(1)} s, ${figures.peakMebibytes} MiB`);
      }
    }
  }
  return samples;
}

async function copyGround(from: Ground | undefined, to: Ground): Promise<void> {
  for (const what of ['place', 'cache'] as const) await execa('cp', ['-a', from?.[what] ?? '', to[what]]);
}

async function install(peer: Peer, version: string, { place, cache }: Ground): Promise<Figures> {
  for (const directory of [place, cache]) mkdirSync(directory, { recursive: true });
  const command = peer.command(version, place, cache);
  // What was written before is not to be written while this is measured.
  await execa('sync');
  return measure(command);
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
