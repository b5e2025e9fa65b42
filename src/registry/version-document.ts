import npa from 'npm-package-arg';
import type { ClientOptions } from './client.js';
import { npmFetch } from './lazy-npm.js';

/** What a registry says of one version. */
export interface VersionDocument {
  name: string;
  version: string;
  dist?: { signatures?: { keyid?: string }[] };
  [field: string]: unknown;
}

/**
 * Asks for one version alone: of OpenClaw, whose whole document has 10 MB, that is a hundredth. Not every registry has such documents,
 * and they do not say when something was published.
 * @param version an exact one
 * @returns null where there is none, for whatever reason: then the whole document is to be asked for, which says why
 */
export async function versionDocument(
  name: string,
  version: string,
  options: ClientOptions,
): Promise<VersionDocument | null> {
  try {
    const fetch = await npmFetch();
    const path = `/${npa(name).escapedName}/${encodeURIComponent(version)}`;
    // Whoever asks for the whole one then has all tries.
    const found = await fetch.json(path, { ...options, spec: npa(name), retry: { retries: 0 } });
    return isOf(found, name, version) ? found : null;
  } catch {
    return null;
  }
}

function isOf(found: Record<string, unknown>, name: string, version: string): found is VersionDocument {
  return found.name === name && found.version === version && found.dist instanceof Object;
}
