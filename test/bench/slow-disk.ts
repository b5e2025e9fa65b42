import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { diskOf } from '../support/disk-number.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { copy, type Installed, install, onGround } from './ground.js';
import { NPM, npm, OURS, ours, type Peer } from './peers.js';
import { type BenchOptions, inTurn, median, type Report, type Section, spread } from './section.js';

const VERSION = '2026.9.6';
const PREVIOUS = '2026.9.5';

/** An SD card of a Raspberry Pi. */
const MEBIBYTES_PER_SECOND = 20;

const GROUPS = '/sys/fs/cgroup';
const BLKIO = join(GROUPS, 'blkio');

interface Sample extends Installed {
  peer: string;
}

/** Time and bytes of a release on a disk as slow as that of a Raspberry Pi, where the previous one is kept. */
export const section: Section = {
  title: `Staging on a disk of ${MEBIBYTES_PER_SECOND} MiB a second`,
  async run(options) {
    const node = await sqliteNode();
    const peers = [ours(node), npm(node)];
    for (const peer of peers) await keepPrevious(peer, options);
    const samples: Sample[] = [];
    for (let round = 0; round < options.rounds; round++)
      for (const peer of inTurn(peers, round)) samples.push(await sample(peer, options));
    return reportOn(samples);
  },
};

async function keepPrevious(peer: Peer, { directory }: BenchOptions): Promise<void> {
  const kept = join(directory, peer.name);
  mkdirSync(kept);
  await onGround(directory, null, async (ground) => {
    await install(peer, PREVIOUS, ground);
    await copy(['place', 'cache'], ground, kept);
  });
}

function sample(peer: Peer, { directory, say }: BenchOptions): Promise<Sample> {
  return onGround(directory, join(directory, peer.name), async (ground) => {
    const figures = await onSlowDisk(ground, () => install(peer, VERSION, ground));
    say(
      `${peer.name}: ${figures.flushedSeconds.toFixed(1)} s, ${figures.writtenMebibytes.toFixed(0)} MiB written`,
    );
    return { peer: peer.name, ...figures };
  });
}

/** Limits a whole disk while something is done, for all processes and for what the kernel writes later. */
async function onSlowDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  // What was copied to it is not of this.
  await execa('sync', ['-f', path]);
  const bytes = MEBIBYTES_PER_SECOND * 2 ** 20;
  return existsSync(BLKIO) ? inRoot(diskOf(path), bytes, work) : inGroup(diskOf(path), bytes, work);
}

/** With control groups of version 1 the root group has what the kernel writes. */
async function inRoot<T>(disk: string, bytes: number, work: () => Promise<T>): Promise<T> {
  const limit = (most: number) => {
    for (const kind of ['read', 'write'])
      writeFileSync(join(BLKIO, `blkio.throttle.${kind}_bps_device`), `${disk} ${most}`);
  };
  try {
    limit(bytes);
    return await work();
  } finally {
    limit(0);
  }
}

/** With version 2 what a group has written is of that group, and the bench goes there with all that it starts. */
async function inGroup<T>(disk: string, bytes: number, work: () => Promise<T>): Promise<T> {
  const own = join(GROUPS, /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '');
  const group = join(GROUPS, `openclaw-releases-${process.pid}-disk`);
  const enter = (directory: string) => writeFileSync(join(directory, 'cgroup.procs'), String(process.pid));
  writeFileSync(join(GROUPS, 'cgroup.subtree_control'), '+io');
  mkdirSync(group);
  try {
    writeFileSync(join(group, 'io.max'), `${disk} rbps=${bytes} wbps=${bytes}`);
    enter(group);
    return await work();
  } finally {
    enter(own);
    rmdirSync(group);
  }
}

function reportOn(samples: Sample[]): Report {
  const all = (peer: string, key: keyof Installed) =>
    samples.filter((one) => one.peer === peer).map((one) => one[key]);
  const ratio = (key: keyof Installed) => median(all(OURS, key)) / median(all(NPM, key));
  return {
    about: `OpenClaw ${VERSION} where ${PREVIOUS} and its cache are kept, on a new ext4 that reads and writes ${MEBIBYTES_PER_SECOND} MiB a second: medians (least to most). Time until all is on the disk.`,
    tables: [
      {
        columns: ['', 'seconds', 'of npm', 'written MiB', 'of npm', 'processor'],
        rows: [OURS, NPM].map((peer) => [
          peer,
          ...(['flushedSeconds', 'writtenMebibytes'] as const).flatMap((key) => [
            spread(all(peer, key), 0),
            `${(median(all(peer, key)) / median(all(NPM, key))).toFixed(2)}x`,
          ]),
          spread(all(peer, 'cpuSeconds'), 1),
        ]),
      },
    ],
    targets: [
      {
        what: `time until a release is on a disk of ${MEBIBYTES_PER_SECOND} MiB a second, of npm`,
        ratio: ratio('flushedSeconds'),
        atMost: 0.6,
      },
      { what: 'bytes written there, of npm', ratio: ratio('writtenMebibytes'), atMost: 0.6 },
    ],
    samples,
  };
}
