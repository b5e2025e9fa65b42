import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type FilesystemType, makeFilesystem, SHARING_FILESYSTEMS } from '../support/filesystem.js';
import { sqliteNode } from '../support/sqlite-node.js';
import { measure } from './measure.js';
import { ours, type Peer } from './peers.js';
import type { BenchOptions, Report, Section } from './section.js';

const PREVIOUS = '2026.9.5';
const VERSION = '2026.9.6';

/** Room for three releases; most of it is never written. */
const MEBIBYTES = 4096;

interface Sample {
  type: FilesystemType;
  version: string;
  /** MiB by which the free room of the filesystem shrank. */
  takenMebibytes: number;
  /** MiB that `list` reports. */
  added: number;
  shared: number;
}

/**
 * Room that a release takes on filesystems of three kinds, as each of them counts it, and what `list` says. Once: these
 * are no times. Needs the superuser, for the mounts.
 */
export const section: Section = {
  title: 'Room on the disk',
  async run(options) {
    const peer = ours(await sqliteNode());
    const samples: Sample[] = [];
    for (const type of ['ext4', ...SHARING_FILESYSTEMS] as const)
      samples.push(...(await stageBoth(type, peer, options)));
    return reportOn(samples);
  },
};

async function stageBoth(type: FilesystemType, peer: Peer, options: BenchOptions): Promise<Sample[]> {
  const directory = join(options.directory, type);
  const cache = join(options.directory, 'cache');
  for (const path of [directory, cache]) mkdirSync(path, { recursive: true });
  const disk = makeFilesystem(directory, MEBIBYTES, [], type);
  const samples: Sample[] = [];
  try {
    const root = join(disk.mountPoint, 'root');
    mkdirSync(root);
    for (const version of [PREVIOUS, VERSION]) {
      const before = takenOn(disk.mountPoint);
      await measure(peer.command(version, root, cache));
      const takenMebibytes = (takenOn(disk.mountPoint) - before) / 2 ** 20;
      const manifest = JSON.parse(readFileSync(join(root, 'releases', version, 'release.json'), 'utf8'));
      const [added, shared] = [manifest.addedBytes / 2 ** 20, manifest.sharedBytes / 2 ** 20];
      samples.push({ type, version, takenMebibytes, added, shared });
      options.say(`${type}, ${version}: ${takenMebibytes.toFixed(0)} MiB taken, ${added.toFixed(0)} said`);
    }
  } finally {
    await disk.remove();
  }
  return samples;
}

function takenOn(mountPoint: string): number {
  execFileSync('sync', ['-f', mountPoint]);
  const { blocks, bfree, bsize } = statfsSync(mountPoint);
  return (blocks - bfree) * bsize;
}

function reportOn(samples: Sample[]): Report {
  const next = samples.filter(({ version }) => version === VERSION);
  const off = samples.map(({ takenMebibytes, added }) =>
    Math.max(takenMebibytes / added, added / takenMebibytes),
  );
  return {
    about: `OpenClaw ${PREVIOUS}, then ${VERSION}, on new filesystems, counted when all was written.`,
    tables: [
      {
        columns: ['filesystem', 'release', 'taken, MiB', '`list` says added', 'shared'],
        rows: samples.map(({ type, version, takenMebibytes, added, shared }) => [
          ...[type, version, takenMebibytes.toFixed(0), added.toFixed(0), shared.toFixed(0)],
        ]),
      },
    ],
    targets: [
      ...next.map(({ type, takenMebibytes, added, shared }) => ({
        what: `the next release on ${type}, of what it would take without sharing`,
        ratio: takenMebibytes / (added + shared),
        atMost: 0.65,
      })),
      {
        what: 'what a release takes and what `list` says, the larger of the smaller',
        ratio: Math.max(...off),
        atMost: 1.15,
      },
    ],
    samples,
  };
}
