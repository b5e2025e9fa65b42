import { cpSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { readManifest, releaseDirectory } from '../../src/store/manifest.js';
import { rootAt } from '../../src/store/root.js';
import { runtimeNode } from '../../src/store/runtimes.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { onFreshDisk } from './fresh-disk.js';
import { type Figures, measure } from './measure.js';
import { ours, type Peer } from './peers.js';
import { type BenchOptions, inTurn, median, type Report, type Section, spread } from './section.js';

const VERSION = '2026.9.6';
const PREVIOUS = '2026.9.5';
const STAGE = 'stage, all in the cache';
const IMPORT = 'import';

/** Level of our packs, for the archives beside them. */
const ZSTD = 'zstd -9 -c';

interface Sample extends Figures {
  way: string;
}

/** Bytes. */
interface Sizes {
  pack: number;
  onBase: number;
  /** Archive of `npm pack`. */
  npmPack: number;
  /** `node_modules` without OpenClaw as `tar.zst`. */
  dependencies: number;
  /** Node of the release, compressed. */
  node: number;
}

/**
 * Costs of a release that comes as a pack, beside the same from the registry with everything cached, each in turn on a
 * new disk; and the sizes of packs, beside those of npm's own archives. Needs zstd.
 */
export const section: Section = {
  title: 'Importing a pack',
  async run(options) {
    const node = await sqliteNode();
    const peer = ours(node);
    const sizes = await prepare(peer, options);
    const samples: Sample[] = [];
    for (let round = 0; round < options.rounds; round++)
      for (const way of inTurn([STAGE, IMPORT], round)) {
        const figures = await onFreshDisk(options.directory, (ground) => bring(way, peer, options, ground));
        samples.push({ way, ...figures });
        const { seconds, cpuSeconds } = figures;
        options.say(`${way}: ${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of the processor`);
      }
    return reportOn(samples, sizes);
  },
};

/** Leaves npm's cache and the pack in the directory of the bench. */
async function prepare(peer: Peer, { directory, say }: BenchOptions): Promise<Sizes> {
  return onFreshDisk(directory, async (ground) => {
    const [place, cache] = [join(ground, 'place'), join(directory, 'cache')];
    mkdirSync(place);
    for (const version of [PREVIOUS, VERSION]) await measure(peer.command(version, place, cache));
    const { file, args, env } = peer.command(VERSION, place, cache);
    const pack = async (name: string, ...more: string[]) => {
      const path = join(directory, name);
      await execa(file, [args[0] ?? '', 'pack', VERSION, '--root', place, '--output', path, ...more], {
        env,
      });
      return statSync(path).size;
    };
    const root = rootAt(place);
    const release = releaseDirectory(root, VERSION);
    const sizeOf = async (script: string) => {
      const { stdout } = await execa('bash', ['-o', 'pipefail', '-c', `${script} | wc -c`], { cwd: release });
      return Number(stdout);
    };
    const packing = ['pack', `openclaw@${VERSION}`, '--silent', '--pack-destination', ground];
    const { stdout: archive } = await execa('npm', packing, { env });
    const node = runtimeNode(root, readManifest(root, VERSION).runtime.version);
    const sizes = {
      pack: await pack('whole.pack'),
      onBase: await pack('on-base.pack', '--base', PREVIOUS),
      npmPack: statSync(join(ground, archive.trim())).size,
      dependencies: await sizeOf(`tar -c --exclude=node_modules/openclaw node_modules | ${ZSTD}`),
      node: await sizeOf(`${ZSTD} '${node}'`),
    };
    say(`the pack has ${mebibytes(sizes.pack)} MiB`);
    return sizes;
  });
}

async function bring(way: string, peer: Peer, { directory }: BenchOptions, ground: string): Promise<Figures> {
  const [place, cache, pack] = ['place', 'cache', 'whole.pack'].map((name) => join(ground, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(place);
  if (way === IMPORT) cpSync(join(directory, 'whole.pack'), pack);
  else await execa('cp', ['-a', join(directory, 'cache'), cache]);
  const staging = peer.command(VERSION, place, cache);
  const [program = ''] = staging.args;
  const command =
    way === IMPORT ? { ...staging, args: [program, 'import', pack, '--json', '--root', place] } : staging;
  // Flushes what was written before, so that it is not written while this is measured.
  await execa('sync');
  return measure(command);
}

function reportOn(samples: Sample[], sizes: Sizes): Report {
  const all = (way: string, key: keyof Figures) =>
    samples.filter((sample) => sample.way === way).map((sample) => sample[key]);
  const ratio = (key: keyof Figures) => median(all(IMPORT, key)) / median(all(STAGE, key));
  const byNpm = sizes.npmPack + sizes.dependencies;
  return {
    about: `OpenClaw ${VERSION} on a new disk: medians (least to most), each in turn in every round.`,
    tables: [
      {
        columns: ['', 'seconds', 'processor', 'peak MiB'],
        rows: [STAGE, IMPORT].map((way) => [
          ...[way, spread(all(way, 'seconds'), 1), spread(all(way, 'cpuSeconds'), 1)],
          spread(all(way, 'peakMebibytes')),
        ]),
      },
      {
        columns: ['to bring to a host', 'MiB'],
        rows: [
          ['pack, with its Node', mebibytes(sizes.pack)],
          [`pack on the base ${PREVIOUS}`, mebibytes(sizes.onBase)],
          ['`npm pack`, and the other packages as `tar.zst`', mebibytes(byNpm)],
          ['the same, and its Node', mebibytes(byNpm + sizes.node)],
        ],
      },
    ],
    targets: [
      {
        what: 'processor time of import, of stage with everything cached',
        ratio: ratio('cpuSeconds'),
        atMost: 0.35,
      },
      { what: 'time of import, of stage with everything cached', ratio: ratio('seconds'), atMost: 0.5 },
    ],
    samples: { samples, sizes },
  };
}

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
