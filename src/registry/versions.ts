import { valid } from 'semver';
import { compareVersions } from '../core/version.js';
import type { ClientOptions } from './client.js';
import { readSchemas, type SchemaVersions } from './package-json.js';
import { fetchPackument } from './packument.js';
import { ask } from './request.js';

export interface PublishedVersion {
  version: string;
  /** ISO 8601, or null when the registry does not say. */
  publishedAt: string | null;
  schemas: SchemaVersions | null;
}

/**
 * Returns all versions of OpenClaw in the registry, oldest first, from one document (10 MB).
 * @throws ReleasesError `version_not_found`, `registry_unreachable`, `registry_error`, `interrupted`
 */
export async function publishedVersions(
  options: ClientOptions,
  signal?: AbortSignal,
): Promise<PublishedVersion[]> {
  const { versions = {}, time } = await ask('openclaw', options, signal, (bounded) =>
    fetchPackument('openclaw', bounded),
  );
  return Object.entries(versions)
    .filter(([version]) => valid(version) === version)
    .map(([version, manifest]) => ({
      version,
      publishedAt: typeof time?.[version] === 'string' ? time[version] : null,
      schemas: readSchemas(manifest),
    }))
    .sort((a, b) => compareVersions(a.version, b.version));
}
