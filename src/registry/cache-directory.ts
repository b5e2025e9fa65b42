import { accessSync, constants } from 'node:fs';
import { ReleasesError, systemCode } from '../core/errors.js';
import { nearestExisting } from '../host/space.js';

/**
 * Checks npm's cache, which takes all that is fetched.
 * @throws ReleasesError `cache_unwritable`
 */
export function requireCache(cache: string): void {
  try {
    accessSync(nearestExisting(cache), constants.W_OK | constants.X_OK);
  } catch (cause) {
    const message = `npm's cache, ${cache}, cannot be written (${systemCode(cause)}).`;
    throw new ReleasesError('cache_unwritable', message, {
      hint: 'npm config set cache <directory that you may write to>',
      cause,
    });
  }
}
