import { inVersionOrder, isVersion } from '../core/version.js';
import type { Environment } from '../ledger/environment.js';
import { askingRegistry } from '../registry/asking.js';
import type { Offer } from '../registry/offer.js';
import { registryOfTimer } from './check.js';

/** Versions that the registry has now. */
export interface PublishedVersions {
  tags: Record<string, string>;
  /** Newest first. */
  versions: {
    version: string;
    /** ISO 8601; null where the registry does not give it. */
    publishedAt: string | null;
    /** Reason why nobody should install it any more. */
    deprecated: string | null;
  }[];
}

/** @throws ReleasesError `registry_unreachable`, `registry_error`, `version_not_found`, `interrupted` */
export async function publishedVersions({ root, signal }: Environment): Promise<PublishedVersions> {
  const ask = askingRegistry(registryOfTimer(root));
  // Without an ETag there is always a document.
  const { tags, versions } = (await ask({ whole: true, signal })) as Offer;
  const known = versions.filter(({ version }) => isVersion(version));
  return {
    tags,
    versions: inVersionOrder(known, ({ version }) => version)
      .reverse()
      .map(({ version, at, deprecated }) => ({ version, publishedAt: at || null, deprecated })),
  };
}
