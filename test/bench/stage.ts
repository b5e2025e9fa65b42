import { cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { removeDirectory } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { copy, type Installed, install, onGround } from './ground.js';
import { bun, NPM, npm, OURS, ours, type Peer, PNPM, PNPM_SEALED, pnpm, pnpmSealed } from './peers.js';
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

const WITH: Record<Situation, string> = {
  cold: 'an empty cache',
  previous: 'the previous release kept',
  warm: 'all in the cache',
};
const WHAT: Record<keyof Installed, string> = {
  seconds: 'time of a stage',
  cpuSeconds: 'processor time of a stage',
  peakMebibytes: 'peak memory of a stage, all processes,',
  writtenMebibytes: 'bytes written by a stage',
  flushedSeconds: 'time of a stage until all is on the disk',
};

interface Sample extends Installed {
  peer: string;
  situation: Situation;
}

/**
 * Costs of getting a release onto the disk: with an empty cache, beside (or in the place of) the previous release with
 * the cache that it left, and with everything cached; each time on a disk of its own. Ours is the whole command: it proves,
 * digests and syncs what the others do not; pnpm is measured without that and with it.
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
  const others = [npm, pnpm, pnpmSealed, bun].flatMap((peer) => {
    try {
      return [peer(node)];
    } catch (error) {
      say(`without ${peer.name}: ${(error as Error).message}`);
      return [];
    }
  });
  const lockfile = join(directory, 'package-lock.json');
  await onGround(directory, null, async (ground) => {
    await install(ours(node), VERSION, ground);
    // Takes the lockfile of a release that was staged before, as a fleet, `import` and a restage have it.
    cpSync(join(ground, 'place/releases', VERSION, 'package-lock.json'), lockfile);
  });
  return [ours(node), ours(node, { version: VERSION, lockfile }), ...others];
}

async function rounds(peers: Peer[], options: BenchOptions): Promise<Sample[]> {
  const { directory, say } = options;
  const samples: Sample[] = [];
  const before = new Map<Peer, string>();
  for (const [at, peer] of peers.entries()) {
    const kept = join(directory, `before-${at}`);
    mkdirSync(kept);
    before.set(peer, kept);
    await onGround(directory, null, async (ground) => {
      await install(peer, PREVIOUS, ground);
      await copy(['place', 'cache'], ground, kept);
    });
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const peer of inTurn(peers, round)) {
      const after = mkdtempSync(join(directory, 'after-'));
      for (const situation of SITUATIONS) {
        const found = { cold: null, previous: before.get(peer) ?? null, warm: after }[situation];
        const figures = await onGround(directory, found, async (ground) => {
          const measured = await install(peer, VERSION, ground);
          if (situation === 'previous') await copy(['cache'], ground, after);
          return measured;
        });
        samples.push({ peer: peer.name, situation, ...figures });
        say(`${peer.name}, ${situation}: ${figures.seconds.toFixed(1)} s, ${figures.peakMebibytes} MiB`);
      }
      removeDirectory(after);
    }
  }
  return samples;
}

function reportOn(samples: Sample[]): Report {
  const all = (peer: string, situation: Situation, key: keyof Installed) =>
    samples.filter((one) => one.peer === peer && one.situation === situation).map((one) => one[key]);
  const ratio = (situation: Situation, key: keyof Installed, of: string, peer = OURS) =>
    median(all(peer, situation, key)) / median(all(of, situation, key));
  const names = [...new Set(samples.map(({ peer }) => peer))];
  const rows = names.flatMap((peer) =>
    SITUATIONS.map((situation) => {
      const cells = (key: keyof Installed, digits: number) => [
        spread(all(peer, situation, key), digits),
        `${ratio(situation, key, NPM, peer).toFixed(2)}x`,
      ];
      return [
        ...[peer, situation, ...cells('seconds', 1)],
        ...[...cells('cpuSeconds', 1), ...cells('peakMebibytes', 0), ...cells('writtenMebibytes', 0)],
      ];
    }),
  );
  const of = (key: keyof Installed, situation: Situation, peer: string, atMost: number): Target => ({
    what: `${WHAT[key]} with ${WITH[situation]}, of ${peer}`,
    ratio: ratio(situation, key, peer),
    atMost,
  });
  const targets: Target[] = [
    of('seconds', 'cold', NPM, 0.4),
    of('seconds', 'cold', PNPM_SEALED, 1),
    of('seconds', 'previous', NPM, 0.25),
    of('seconds', 'previous', PNPM, 0.9),
    of('seconds', 'previous', PNPM_SEALED, 0.6),
    of('seconds', 'warm', NPM, 0.15),
    of('seconds', 'warm', PNPM_SEALED, 1),
    of('cpuSeconds', 'cold', NPM, 0.4),
    of('cpuSeconds', 'previous', NPM, 0.4),
    of('peakMebibytes', 'cold', NPM, 0.35),
    of('writtenMebibytes', 'cold', NPM, 0.6),
    of('writtenMebibytes', 'previous', NPM, 0.6),
  ];
  return {
    about: `OpenClaw ${VERSION} after ${PREVIOUS}: medians (least to most), each in turn in every round. pnpm and bun copy files, and run OpenClaw's own scripts, without which it does not start.`,
    tables: [
      {
        columns: [
          '',
          'cache',
          ...['seconds', 'processor', 'peak MiB', 'written MiB'].flatMap((of) => [of, 'of npm']),
        ],
        rows,
      },
    ],
    targets,
    samples,
  };
}
