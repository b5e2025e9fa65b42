import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startProxy } from '../registry/proxy.js';
import { removeDirectory } from '../support/place.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { measure } from './measure.js';
import { NPM, npm, OURS, ours, type Peer } from './peers.js';
import { type BenchOptions, inTurn, median, type Report, type Section, spread } from './section.js';

const PREVIOUS = '2026.9.5';
const VERSION = '2026.9.6';

const SITUATIONS = {
  empty: `${PREVIOUS}, nothing cached`,
  previous: `${VERSION}, what ${PREVIOUS} left is cached`,
  all: `${VERSION} again, everything cached`,
};
type Situation = keyof typeof SITUATIONS;

interface Sample {
  peer: string;
  situation: Situation;
  mebibytes: number;
  connections: number;
}

/**
 * Traffic from the network, counted by a proxy that all of it passes: bytes as they come, with the
 * registry's documents, its keys, and what TLS adds. A client that asks more than once pays for it here.
 */
export const section: Section = {
  title: 'Bytes over the network',
  async run(options) {
    const node = await sqliteNode();
    const peers = [ours(node), npm(node)];
    const samples: Sample[] = [];
    for (const peer of peers) samples.push(await count(peer, 'empty', options));
    for (let round = 0; round < options.rounds; round++) {
      for (const peer of inTurn(peers, round)) {
        const [kept, cache] = [cacheOf(peer, options), join(options.directory, 'cache')];
        rmSync(cache, { recursive: true, force: true });
        cpSync(kept, cache, { recursive: true, preserveTimestamps: true });
        for (const situation of ['previous', 'all'] as const)
          samples.push(await count(peer, situation, options, cache));
      }
    }
    return reportOn(samples);
  },
};

function cacheOf(peer: Peer, { directory }: BenchOptions): string {
  return join(directory, `left by ${peer.name}`);
}

async function count(
  peer: Peer,
  situation: Situation,
  options: BenchOptions,
  cache = cacheOf(peer, options),
): Promise<Sample> {
  const place = join(options.directory, 'place');
  for (const directory of [place, cache]) mkdirSync(directory, { recursive: true });
  const proxy = await startProxy();
  try {
    const command = peer.command(situation === 'empty' ? PREVIOUS : VERSION, place, cache);
    const through = {
      ...{ npm_config_proxy: proxy.url, npm_config_https_proxy: proxy.url, npm_config_noproxy: '' },
      ...{ NO_PROXY: undefined, no_proxy: undefined },
    };
    await measure({ ...command, env: { ...command.env, ...through } });
    const bytes =
      proxy.seen.reduce((sum, one) => sum + one.bytes, 0) +
      proxy.tunnels.reduce((sum, one) => sum + one.bytesDown, 0);
    const connections = proxy.seen.length + proxy.tunnels.length;
    const mebibytes = bytes / 2 ** 20;
    options.say(`${peer.name}, ${SITUATIONS[situation]}: ${mebibytes.toFixed(1)} MiB`);
    return { peer: peer.name, situation, mebibytes, connections };
  } finally {
    await proxy.close();
    removeDirectory(place);
  }
}

function reportOn(samples: Sample[]): Report {
  const all = (peer: string, situation: Situation, key: 'mebibytes' | 'connections') =>
    samples.filter((one) => one.peer === peer && one.situation === situation).map((one) => one[key]);
  const ratio = (situation: Situation) =>
    median(all(OURS, situation, 'mebibytes')) / median(all(NPM, situation, 'mebibytes'));
  const rows = (Object.keys(SITUATIONS) as Situation[]).flatMap((situation) =>
    [OURS, NPM].map((peer) => [
      ...[peer, SITUATIONS[situation], spread(all(peer, situation, 'mebibytes'), 1)],
      spread(all(peer, situation, 'connections')),
    ]),
  );
  return {
    about: `What a proxy saw come back for OpenClaw ${VERSION} after ${PREVIOUS}, each with the cache that it left itself.`,
    tables: [{ columns: ['', 'staged', 'MiB', 'connections'], rows }],
    targets: [
      { what: 'bytes downloaded with an empty cache, of npm i -g', ratio: ratio('empty'), atMost: 1.05 },
      { what: 'bytes downloaded for the next release, of npm i -g', ratio: ratio('previous'), atMost: 1 },
    ],
    samples,
  };
}
