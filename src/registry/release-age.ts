import { satisfies } from 'semver';
import { ReleasesError } from '../core/errors.js';
import { moment } from '../core/moment.js';
import type { ClientOptions } from './client.js';

/** The newest time of publication that npm's `before` and `min-release-age` allow for a package; null for any. */
export function newestAllowed(
  name: string,
  { before, minReleaseAgeExclude = [] }: ClientOptions & { minReleaseAgeExclude?: string[] },
): Date | null {
  // A worker gets the options as JSON.
  if (!before || minReleaseAgeExclude.some((pattern) => matches(name, pattern))) return null;
  return new Date(before as Date | string);
}

function matches(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

/** Failure to pick a version, by `npm-pick-manifest`. */
export interface Unpicked {
  code: string;
  name: string;
  wanted: string;
  versions?: string[];
  distTags?: Record<string, string>;
}

/**
 * Names the policy where it alone hides a version, or all of a range, that is in the registry; null for any other error.
 * @param asked version or tag that was asked for, of which npm makes a range
 */
export function tooNew(error: unknown, options: ClientOptions, asked?: string): ReleasesError | null {
  const { code, name, wanted, versions = [], distTags = {} } = (error ?? {}) as Unpicked;
  if (code !== 'ETARGET' && code !== 'ENOVERSIONS') return null;
  const limit = newestAllowed(name, options);
  if (!limit || !versions.some((version) => satisfies(version, distTags[wanted] ?? wanted))) return null;
  const sentence = `${name}@${asked ?? wanted} was published later, and npm's setting "before" or "min-release-age" allows nothing newer than ${moment(limit.getTime())}.`;
  return new ReleasesError('release_too_new', sentence, {
    hint: `npm config get min-release-age before; npm config set min-release-age-exclude ${name}, to except it`,
    cause: error,
  });
}
