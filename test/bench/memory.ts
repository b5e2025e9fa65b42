import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { limitMemory } from '../support/memory-limit.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { onFreshDisk } from './fresh-disk.js';
import { type Command, measure } from './measure.js';
import { NPM, npm, OURS, ours, type Peer } from './peers.js';
import { type BenchOptions, inTurn, type Report, type Section, spread } from './section.js';

const VERSION = '2026.9.6';
const LIMIT_MEBIBYTES = 384;

interface Sample {
  peer: string;
  finished: boolean;
  seconds: number;
  /** NaN for a run that did not finish. */
  peakMebibytes: number;
  why: string;
}

/** Measures whether a release can be staged where memory is scarce: from the public registry, with an empty cache, in a cgroup. */
export const section: Section = {
  title: `Staging within ${LIMIT_MEBIBYTES} MB`,
  async run(options) {
    const node = await sqliteNode();
    const peers = [ours(node), npm(node)];
    const samples: Sample[] = [];
    for (let round = 0; round < options.rounds; round++)
      for (const peer of inTurn(peers, round)) samples.push(await sample(peer, options));
    return reportOn(samples);
  },
};

function sample(peer: Peer, { directory, say }: BenchOptions): Promise<Sample> {
  return onFreshDisk(directory, async (disk) => {
    const [place, cache] = [join(disk, 'place'), join(disk, 'cache')];
    for (const path of [place, cache]) mkdirSync(path);
    const limit = limitMemory(LIMIT_MEBIBYTES);
    const none = { finished: false, seconds: Number.NaN, peakMebibytes: Number.NaN };
    try {
      const figures = await measure(within(limit.prefix, peer.command(VERSION, place, cache)));
      say(`${peer.name}: ${figures.seconds.toFixed(1)} s, ${figures.peakMebibytes} MiB`);
      return { peer: peer.name, finished: true, ...figures, why: '' };
    } catch (error) {
      const why = limit.kills() > 0 ? 'killed for its memory' : (error as Error).message;
      say(`${peer.name}: ${why}`);
      return { peer: peer.name, ...none, why };
    } finally {
      limit.remove();
    }
  });
}

function within([shell, ...start]: string[], { file, args, ...rest }: Command): Command {
  return { ...rest, file: shell ?? '', args: [...start, file, ...args] };
}

function reportOn(samples: Sample[]): Report {
  const rows = [OURS, NPM].map((peer) => {
    const of = samples.filter((one) => one.peer === peer);
    const finished = of.filter((one) => one.finished);
    const figure = (key: 'seconds' | 'peakMebibytes', digits: number) =>
      finished.length > 0
        ? spread(
            finished.map((one) => one[key]),
            digits,
          )
        : '-';
    const why = [...new Set(of.map((one) => one.why))].filter(Boolean).join('; ');
    return [
      peer,
      `${finished.length} of ${of.length}`,
      figure('seconds', 1),
      figure('peakMebibytes', 0),
      why || '-',
    ];
  });
  const worst = samples.filter(({ peer }) => peer === OURS).map(({ peakMebibytes }) => peakMebibytes);
  return {
    about: `OpenClaw ${VERSION} with an empty cache, all processes and what they read and write within ${LIMIT_MEBIBYTES} MB of memory, no swap.`,
    tables: [{ columns: ['', 'finished', 'seconds', 'peak MiB', 'why not'], rows }],
    // NaN, which is not kept, where a run did not finish.
    targets: [
      {
        what: `peak memory of any staging within ${LIMIT_MEBIBYTES} MB, all of which finish, of the limit`,
        ratio: Math.max(...worst) / LIMIT_MEBIBYTES,
        atMost: 1,
      },
    ],
    samples,
  };
}
