import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { ReleasesError, systemCode } from '../core/errors.js';
import { statsOf } from './trust.js';

/**
 * Refuses a root from which no program can be started. The kernel says so of a file that has the right to be executed.
 * @param launcher a program of the root; a missing one proves nothing
 * @throws ReleasesError `root_noexec`
 */
export function refuseNoexec(launcher: string): void {
  const mode = statsOf(launcher)?.mode ?? 0;
  if ((mode & 0o111) === 0) return;
  try {
    accessSync(launcher, constants.X_OK);
  } catch (cause) {
    if (systemCode(cause) !== 'EACCES') return;
    const root = dirname(dirname(launcher));
    const message = `No program can be started from ${root}: its filesystem is mounted with noexec.`;
    throw new ReleasesError('root_noexec', message, {
      hint: `findmnt -T ${root}, then mount it with exec, or name a root elsewhere with --root`,
      cause,
    });
  }
}
