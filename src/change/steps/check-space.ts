import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError } from '../../core/errors.js';
import { size } from '../../core/size.js';
import { refuseNoexec } from '../../host/executable.js';
import { freeSpace, sameFilesystem } from '../../host/space.js';
import type { Context, Step } from '../../ledger/context.js';
import type { Facts } from '../../ledger/facts.js';
import type { ReleaseNode } from '../../registry/node-choice.js';
import { listReleases, type Manifest } from '../../store/manifest.js';
import { LEAVE_FREE_BYTES, readPolicy } from '../../store/policy.js';
import { isFull } from '../quarantine.js';
import { stateBytes } from './snapshot.js';
import { alreadyStaged } from './stage.js';

const MIB = 1024 * 1024;

/** Free inodes to leave. */
const LEAVE_FREE_FILES = 1_000;

/** Estimate for the first release: 2026.9.6 with its dependencies takes 650 MB in 39,000 files. */
export const UNKNOWN_RELEASE = { bytes: 900 * MIB, files: 50_000 };

/** Bytes of a Node from the registry, unpacked. */
export const RUNTIME_BYTES = 160 * MIB;

/** Bytes that the last block of a file may waste. */
const BLOCK = 4096;

/** Usual growth from one release to the next. */
const GROWTH = 1.2;

/** Size of the archives relative to the unpacked files: 225 of 561 MB for 2026.9.6. */
export const ARCHIVES = 0.4;

export const checkSpace: Step = {
  name: 'check-space',
  skip: (context) => (isFull(context.root.path) ? null : alreadyStaged(context)),
  async do(context) {
    const { root } = context;
    const { staging } = root;
    const { to, alreadyStaged: isHere } = context.change.facts;
    if (isHere)
      throw new ReleasesError(
        'insufficient_space',
        `The disk of ${root.path} is full, so ${to} would not start.`,
        { hint: 'openclaw-releases prune --dry-run' },
      );
    refuseNoexec(join(root.bin, 'gateway'));
    const needed = await estimate(context);
    const free = freeSpace(staging);
    if (free.bytes < needed.bytes || (free.files !== null && free.files < needed.files)) {
      throw new ReleasesError(
        'insufficient_space',
        `${to} needs ${describe(needed, Math.ceil)}, ${size(needed.left)} of it to be left free; ${describe(free, Math.floor)} are free in ${staging}.`,
        {
          hint: 'openclaw-releases prune --dry-run, or openclaw-releases retention --leave-free <amount>',
          untouched: 'Nothing was downloaded or changed.',
        },
      );
    }
    return `needs ${describe(needed, Math.ceil)}; free are ${describe(free, Math.floor)}`;
  },
};

interface Room {
  bytes: number;
  files: number | null;
}

/** Space until the release runs; `left` is the part of `bytes` that stays free. */
async function estimate(context: Context): Promise<{ bytes: number; files: number; left: number }> {
  const { root, change } = context;
  const { releases } = listReleases(root);
  const { runtime, resolved, pack } = change.facts;
  const takenBy = ({ bytes, addedBytes, sharedBytes = 0 }: Manifest) =>
    addedBytes === undefined ? bytes : addedBytes + sharedBytes;
  const known = Math.max(...releases.map(takenBy), 0) * GROWTH;
  const unpacked = resolved?.unpackedSize ?? 0;
  const guessed = Math.max(known || UNKNOWN_RELEASE.bytes, unpacked * GROWTH);
  const release = pack ? unpacked + pack.files * BLOCK : guessed;
  const files =
    pack?.files ?? (Math.max(...releases.map((each) => each.files), 0) * GROWTH || UNKNOWN_RELEASE.files);
  const node = runtime ? nodeBytes(runtime, change.facts) : 0;
  const fetched = runtime?.kind === 'registry' ? node : 0;
  const isCached = !pack && sameFilesystem((await context.client()).cache, root.staging);
  const archives = isCached ? (release + fetched) * ARCHIVES : 0;
  const { leaveFree = LEAVE_FREE_BYTES } = readPolicy(root).retention ?? {};
  return {
    bytes: Math.ceil(release + node + archives + stateBytes(context) + leaveFree),
    files: Math.round(files) + LEAVE_FREE_FILES,
    left: leaveFree,
  };
}

function nodeBytes(runtime: ReleaseNode, { pack }: Facts): number {
  if (runtime.kind === 'root') return 0;
  if (runtime.kind === 'pack') return pack?.nodeBytes ?? 0;
  return runtime.kind === 'host' ? statSync(runtime.path).size : RUNTIME_BYTES;
}

function describe(room: Room, round: (value: number) => number): string {
  const bytes = size(room.bytes, round);
  return room.files === null ? bytes : `${bytes} and ${room.files} files`;
}
