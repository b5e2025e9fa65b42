import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';
import type { RootPlace, StatePlace } from './place.js';
import { SCRATCH } from './scope.js';

/**
 * Proves that renames work between root and state, by moving an empty directory there and back. Device numbers prove
 * nothing: two mounts of one filesystem share a number, and no rename crosses them.
 * @throws ReleasesError `snapshot_refused`
 */
export function proveExchangeable(root: RootPlace, place: StatePlace): void {
  const name = `${SCRATCH}${process.pid}-${randomBytes(4).toString('hex')}`;
  const [ours, theirs] = [join(root.states, name), join(place.directory, name)];
  mkdirSync(ours, { recursive: true, mode: 0o700 });
  try {
    renameSync(ours, theirs);
    renameSync(theirs, ours);
  } catch (error) {
    throw refused(root, place, error);
  } finally {
    for (const path of [theirs, ours]) {
      try {
        rmdirSync(path);
      } catch {
        // It is at the other path.
      }
    }
  }
}

function refused(root: RootPlace, place: StatePlace, cause: unknown): ReleasesError {
  const code = systemCode(cause);
  if (code !== 'EXDEV') {
    const message = `The state directory ${place.directory} cannot be written (${code}), so nothing could be put back into it.`;
    return new ReleasesError('snapshot_refused', message, {
      hint: `ls -ld ${place.directory}`,
      cause,
    });
  }
  return new ReleasesError(
    'snapshot_refused',
    `The state directory ${place.directory} is on another filesystem than ${root.path}, so no state could be exchanged in one move.`,
    {
      hint: 'Keep the releases on the filesystem of the state: name a directory there with --root or OPENCLAW_RELEASES_ROOT.',
      cause,
    },
  );
}
