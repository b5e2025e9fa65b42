import npa from 'npm-package-arg';
import type { ClientOptions } from './client.js';
import { npmFetch } from './lazy-npm.js';
import { isManifest } from './packument.js';

export interface VersionDocument {
  name: string;
  version: string;
  dist?: { signatures?: { keyid: string }[] };
  [field: string]: unknown;
}

/**
 * Fetches one exact version: for OpenClaw a hundredth of the whole document (10 MB), without a time of publication.
 * @returns null on any failure, as some registries lack such documents; the whole document then shows the reason
 */
export async function versionDocument(
  name: string,
  version: string,
  options: ClientOptions,
): Promise<VersionDocument | null> {
  try {
    const fetch = await npmFetch();
    const path = `/${npa(name).escapedName}/${encodeURIComponent(version)}`;
    // No retries here: the request for the whole document has them all.
    const found = await fetch.json(path, { ...options, spec: npa(name), retry: { retries: 0 } });
    return isOf(found, name, version) ? found : null;
  } catch {
    return null;
  }
}

function isOf(found: unknown, name: string, version: string): found is VersionDocument {
  return (
    isManifest(found) && found.name === name && found.version === version && found.dist instanceof Object
  );
}
