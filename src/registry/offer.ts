import npa from 'npm-package-arg';
import npmFetch from 'npm-registry-fetch';
import type { ClientOptions } from './client.js';
import { readPackument } from './packument.js';
import { ask } from './request.js';

export interface Offer {
  tags: Record<string, string>;
  /** `at` is ISO 8601, or empty when the document has no times. */
  versions: { version: string; at: string; deprecated: string | null }[];
  /** Value for If-None-Match of the next question; null when the registry gives none. */
  etag: string | null;
  /** The registry's own clock, ISO 8601, or null without a Date header. */
  saidAt: string | null;
}

export type Unchanged = Pick<Offer, 'saidAt'> & { unchanged: true };

export interface OfferQuestion {
  /** `openclaw` unless given. */
  name?: string;
  /** Asks for the whole document, the only one with times of publication. */
  whole?: boolean;
  /** ETag of an earlier answer to this question, with the same `whole`. */
  etag?: string | null;
  signal?: AbortSignal | undefined;
}

/** Short document for installers: a tenth of the whole one on the public registry, and without times. */
const SHORT = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';

/**
 * Asks the registry directly: npm's cache answers with old data when the registry does not, and puts its own time
 * into the answer. While nothing new is published, the answer is a few hundred bytes (304).
 * @throws ReleasesError `version_not_found`, `registry_unreachable`, `registry_error`, `interrupted`
 */
export async function offeredReleases(
  options: ClientOptions,
  { name = 'openclaw', whole = false, etag = null, signal }: OfferQuestion = {},
): Promise<Offer | Unchanged> {
  return ask(name, options, signal, async (bounded) => {
    const { cache: _, ...uncached } = bounded;
    const spec = npa(name);
    const response = await npmFetch(`/${spec.escapedName}`, {
      ...uncached,
      // Finds the registry of a scope.
      spec,
      headers: {
        accept: whole ? 'application/json' : SHORT,
        ...(etag !== null && { 'if-none-match': etag }),
      },
    });
    const saidAt = dateOf(response.headers.get('date'));
    if (response.status === 304) return { saidAt, unchanged: true };
    return { ...readDocument(await response.json(), name), etag: response.headers.get('etag'), saidAt };
  });
}

function dateOf(header: string | null): string | null {
  const ms = Date.parse(header ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

function readDocument(document: unknown, name: string): Pick<Offer, 'tags' | 'versions'> {
  const { 'dist-tags': tags = {}, versions = {}, time } = readPackument(document, name);
  return {
    tags,
    versions: Object.entries(versions).map(([version, { deprecated }]) => ({
      version,
      at: typeof time?.[version] === 'string' ? time[version] : '',
      deprecated: reasonOf(deprecated),
    })),
  };
}

/** npm ends a deprecation with an empty text; some registries write `true`. */
export function reasonOf(deprecated: unknown): string | null {
  if (typeof deprecated === 'string') return deprecated === '' ? null : deprecated;
  return deprecated === true ? 'no reason was given' : null;
}
