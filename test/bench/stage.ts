import { cpSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { removeDirectory } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { onFreshDisk } from './fresh-disk.js';
import { type Figures, measure } from './measure.js';
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

interface Sample extends Figures {
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

/** @param found a directory with the `place` and the `cache` that are there already, as far as they are */
function onGround<T>(
  directory: string,
  found: string | null,
  work: (ground: string) => Promise<T>,
): Promise<T> {
  return onFreshDisk(directory, async (ground) => {
    if (found !== null) await copy(readdirSync(found), found, ground);
    return work(ground);
  });
}

async function copy(names: string[], from: string, to: string): Promise<void> {
  for (const name of names) await execa('cp', ['-a', join(from, name), to]);
}

async function install(peer: Peer, version: string, ground: string): Promise<Figures> {
  const [place, cache] = [join(ground, 'place'), join(ground, 'cache')];
  for (const directory of [place, cache]) mkdirSync(directory, { recursive: true });
  const command = peer.command(version, place, cache);
  // Flushes what was written before, so that it is not written while this is measured.
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
    ...[PNPM, PNPM_SEALED].flatMap((peer) =>
      SITUATIONS.slice(0, 2).map((situation) => ({
        what: `staging (${situation}), of ${peer}`,
        ratio: ratio(situation, 'seconds', peer),
        atMost: 1,
      })),
    ),
    {
      what: 'peak memory while staging with an empty cache, all processes, of npm i -g',
      ratio: ratio('cold', 'peakMebibytes', NPM),
      atMost: 0.35,
    },
  ];
  return {
    about: `OpenClaw ${VERSION} after ${PREVIOUS}: medians (least to most), each in turn in every round. pnpm and bun copy files, and run OpenClaw's own scripts, without which it does not start.`,
    tables: [
      { columns: ['', 'cache', 'seconds', 'of npm', 'processor', 'of npm', 'peak MiB', 'of npm'], rows },
    ],
    targets,
    samples,
  };
}
