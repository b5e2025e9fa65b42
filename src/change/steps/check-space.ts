import { ReleasesError } from '../../core/errors.js';
import { freeSpace, sameFilesystem } from '../../host/space.js';
import type { Context, Step } from '../../ledger/context.js';
import { listReleases, type Manifest } from '../../store/manifest.js';
import { LEAVE_FREE_BYTES, readPolicy } from '../../store/policy.js';
import { snapshotBytes } from './snapshot.js';
import { alreadyStaged } from './stage.js';

const MIB = 1024 * 1024;

/** Left free as well, for the same. */
const LEAVE_FREE_FILES = 1_000;

/** Real releases: 2026.9.6 takes 650 MB in 39,000 files with everything it depends on. */
const UNKNOWN_RELEASE = { bytes: 900 * MIB, files: 50_000 };

/** A carried Node, unpacked. */
const RUNTIME_BYTES = 160 * MIB;

/** Growth from one release to the next that is not a surprise. */
const GROWTH = 1.2;

/** Archives are this much of what is unpacked from them; 2026.9.6 has 225 MB of 561. */
const ARCHIVES = 0.4;

/** Refuses before the first download when the release would not fit, or would leave less free than is set. */
export const checkSpace: Step = {
  name: 'check-space',
  skip: alreadyStaged,
  async do(context) {
    const { staging } = context.root;
    const needed = await estimate(context);
    const free = freeSpace(staging);
    if (free.bytes < needed.bytes || (free.files !== null && free.files < needed.files)) {
      throw new ReleasesError(
        'insufficient_space',
        `${context.change.facts.to} needs ${describe(needed, Math.ceil)}, ${Math.round(needed.left / MIB)} MiB of it to be left free; there is ${describe(free, Math.floor)} for ${staging}.`,
        {
          hint: 'openclaw-releases prune --dry-run, or openclaw-releases retention --leave-free <amount>',
          untouched: 'Nothing was downloaded or changed.',
        },
      );
    }
    return `${describe(free, Math.floor)} for ${describe(needed, Math.ceil)}`;
  },
};

interface Room {
  bytes: number;
  files: number | null;
}

/** What is taken while it is staged and until it runs; `left` is what stays free of it. */
async function estimate(context: Context): Promise<{ bytes: number; files: number; left: number }> {
  const { root, change } = context;
  const { releases } = listReleases(root);
  const { runtime, resolved } = change.facts;
  const takenBy = ({ bytes, addedBytes, sharedBytes = 0 }: Manifest) =>
    addedBytes === undefined ? bytes : addedBytes + sharedBytes;
  const known = Math.max(...releases.map(takenBy), 0) * GROWTH;
  const release = Math.max(known || UNKNOWN_RELEASE.bytes, (resolved?.unpackedSize ?? 0) * GROWTH);
  const files = Math.max(...releases.map((each) => each.files), 0) * GROWTH || UNKNOWN_RELEASE.files;
  const carried = runtime?.kind === 'carried' && !runtime.present ? RUNTIME_BYTES : 0;
  const { cache } = await context.client();
  const archives = sameFilesystem(cache, root.staging) ? (release + carried) * ARCHIVES : 0;
  const { leaveFree = LEAVE_FREE_BYTES } = readPolicy(root).retention ?? {};
  return {
    bytes: Math.ceil(release + carried + archives + snapshotBytes(context) + leaveFree),
    files: Math.round(files) + LEAVE_FREE_FILES,
    left: leaveFree,
  };
}

function describe(room: Room, round: (value: number) => number): string {
  const bytes = `${round(room.bytes / MIB)} MiB`;
  return room.files === null ? bytes : `${bytes} and ${room.files} files`;
}
