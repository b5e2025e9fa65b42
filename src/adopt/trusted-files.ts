import { plainText } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';
import { untrustedParent } from '../host/trust.js';
import { below } from './places.js';
import type { List } from './supervisor-kind.js';

export const filesIn: List = (directory) => below(directory, '');

/**
 * Reads a file that only this user and the superuser can replace, for a user who may have chosen where to look. Opens no
 * other. Null where nothing is.
 * @throws ReleasesError `supervisor_file`
 */
export function readTrusted(path: string): string | null {
  checkTrusted(path);
  return plainText(path);
}

/** @throws ReleasesError `supervisor_file`, as `readTrusted` */
export function listTrusted(directory: string): string[] {
  checkTrusted(directory);
  return filesIn(directory);
}

function checkTrusted(path: string): void {
  // With this end its last part counts, too.
  const offender = untrustedParent(`${path}/.`, process.getuid?.() ?? 0);
  if (!offender) return;
  throw new ReleasesError('supervisor_file', `${offender.path} ${offender.why}.`, {
    hint: 'openclaw-releases adopt --dry-run, which prints the lines to change by hand',
  });
}
