import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAboutFile } from '../core/bounded-file.js';
import { ReleasesError } from '../core/errors.js';

/**
 * Makes an empty directory below TMPDIR, or where that cannot be used below /tmp or /var/tmp. Returns its real path.
 * @throws ReleasesError `write_failed`
 */
export function makeTemporaryDirectory(prefix: string): string {
  const places = [...new Set([tmpdir(), '/tmp', '/var/tmp'])];
  for (const place of places) {
    try {
      return realpathSync(mkdtempSync(join(place, prefix)));
    } catch (error) {
      if (!isAboutFile(error)) throw error;
    }
  }
  throw new ReleasesError('write_failed', `No temporary directory can be made in ${places.join(', ')}.`, {
    hint: 'export TMPDIR=<a directory that you may write to>',
    untouched: 'Nothing was changed.',
  });
}
