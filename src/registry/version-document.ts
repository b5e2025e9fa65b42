import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import { valid } from 'semver';
import { systemCode } from '../core/errors.js';
import type { ClientOptions } from './client.js';
import { isManifest, type Packument } from './packument.js';

/**
 * Fetches the document of one version: for OpenClaw a hundredth of the whole (10 MB), without a time of publication.
 * @param wanted exact version, or `latest`
 * @returns the whole document as if this version were the only one; undefined where the registry has none, as some have
 *   none at all; null on any other failure. The whole document then shows the reason
 */
export async function versionDocument(
  name: string,
  wanted: string,
  options: ClientOptions,
): Promise<Packument | null | undefined> {
  try {
    const path = `/${npa(name).escapedName}/${encodeURIComponent(wanted)}`;
    // No retries here: the request for the whole document has them all.
    const found = await npmFetch.json(path, { ...options, spec: npa(name), retry: { retries: 0 } });
    if (!isManifest(found) || found.name !== name || !(found.dist instanceof Object)) return null;
    const version = String(found.version);
    if (wanted === 'latest' ? valid(version) !== version : version !== wanted) return null;
    const tags = wanted === 'latest' ? { latest: version } : {};
    return { name, 'dist-tags': tags, versions: { [version]: found } };
  } catch (error) {
    return /^E40[45]$/.test(systemCode(error) ?? '') ? undefined : null;
  }
}

/** Option with which pacote picks a version from this document and fetches none. */
export function pickFrom(document: Packument): { packumentCache: never } {
  const cache = { has: () => true, get: () => document, set() {}, delete: () => true };
  return { packumentCache: cache as never };
}
