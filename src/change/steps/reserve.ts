import { ReleasesError } from '../../errors.js';
import { freeSpace } from '../../host/space.js';
import { listReleases } from '../../store/manifest.js';
import type { Context, Step } from '../context.js';
import { alreadyStaged } from './stage.js';

const MIB = 1024 * 1024;

/** Left free for the gateway's own state, logs and databases while a release is staged. */
const MARGIN = { bytes: 256 * MIB, files: 1_000 };

/** Real releases: 2026.9.6 takes 650 MB in 39,000 files with everything it depends on. */
const UNKNOWN_RELEASE = { bytes: 900 * MIB, files: 50_000 };

/** A carried Node, unpacked. */
const RUNTIME_BYTES = 160 * MIB;

/** Growth from one release to the next that is not a surprise. */
const GROWTH = 1.2;

/** Refuses before the first download when the release would not fit. */
export const reserve: Step = {
  name: 'reserve',
  skip: alreadyStaged,
  async do(context) {
    const needed = estimate(context);
    const free = freeSpace(context.root.staging);
    if (free.bytes < needed.bytes || (free.files !== null && free.files < needed.files)) {
      throw new ReleasesError(
        'insufficient_space',
        `${context.change.facts.to} needs ${describe(needed)}; there is ${describe(free)}.`,
        {
          hint: 'openclaw-releases prune --dry-run',
          untouched: 'Nothing was downloaded or changed.',
        },
      );
    }
    return `${describe(free)} for ${describe(needed)}`;
  },
};

interface Room {
  bytes: number;
  files: number | null;
}

function estimate(context: Context): { bytes: number; files: number } {
  const { releases } = listReleases(context.root);
  const bytes = Math.max(...releases.map((release) => release.bytes), 0) * GROWTH || UNKNOWN_RELEASE.bytes;
  const files = Math.max(...releases.map((release) => release.files), 0) * GROWTH || UNKNOWN_RELEASE.files;
  const { runtime } = context.change.facts;
  const runtimeBytes = runtime?.kind === 'carried' && !runtime.present ? RUNTIME_BYTES : 0;
  return { bytes: bytes + runtimeBytes + MARGIN.bytes, files: Math.round(files) + MARGIN.files };
}

function describe(room: Room): string {
  const bytes = `${Math.round(room.bytes / MIB)} MiB`;
  return room.files === null ? bytes : `${bytes} and ${room.files} files`;
}
