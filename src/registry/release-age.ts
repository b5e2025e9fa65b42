import { satisfies } from 'semver';
import { ReleasesError } from '../core/errors.js';
import { moment } from '../core/moment.js';
import type { ClientOptions } from './client.js';
import type { Packument } from './packument.js';

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

/**
 * Refuses a version or tag that is in the registry, and newer than npm may take.
 * @throws ReleasesError `release_too_new`
 */
export function refuseTooNew(document: Packument, wanted: string, limit: Date): void {
  const { name, versions = {}, time } = document;
  const version = document['dist-tags']?.[wanted] ?? wanted;
  const published = Date.parse(String(time?.[version]));
  if (!versions[version] || Number.isNaN(published) || published <= limit.getTime()) return;
  throw tooNew(`${name}@${version} was published at ${moment(published)}`, name, limit);
}

/** Names the policy for a dependency that npm did not find because of it; null for any other error of npm. */
export function tooNewDependency(error: unknown, options: ClientOptions): ReleasesError | null {
  const {
    code,
    name,
    wanted,
    versions = [],
  } = (error ?? {}) as Record<string, unknown> & { versions?: string[] };
  if (code !== 'ETARGET' && code !== 'ENOVERSIONS') return null;
  const limit = newestAllowed(String(name), options);
  const isThere = versions.some((version) => satisfies(version, String(wanted ?? '*')));
  if (!limit || !isThere) return null;
  return tooNew(
    `Every ${name}@${wanted}, which OpenClaw needs, was published later`,
    String(name),
    limit,
    error,
  );
}

function tooNew(what: string, name: string, limit: Date, cause?: unknown): ReleasesError {
  const sentence = `${what}, and npm's setting "before" or "min-release-age" allows nothing newer than ${moment(limit.getTime())}.`;
  return new ReleasesError('release_too_new', sentence, {
    hint: `npm config get min-release-age before; npm config set min-release-age-exclude ${name}, to except it`,
    cause,
  });
}
