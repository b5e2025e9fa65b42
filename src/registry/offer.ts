import type { ClientOptions } from './client.js';
import { npmFetch } from './lazy-npm.js';
import { ask } from './request.js';

/** What the registry offers of OpenClaw at one moment. */
export interface Offer {
  /** dist-tags. */
  tags: Record<string, string>;
  /** Every version that it has; `at` is ISO 8601, empty where this document does not say. */
  versions: { version: string; at: string; deprecated: string | null }[];
  /** Names this state of the document, for asking whether it is still so; null where the registry names none. */
  etag: string | null;
  /** The registry's own clock as it answered, ISO 8601; null where it does not say. */
  saidAt: string | null;
}

/** That the document is still the one that `etag` names. */
export type Unchanged = Pick<Offer, 'saidAt'> & { unchanged: true };

export interface OfferQuestion {
  /** With times of publication, whatever that costs. */
  whole?: boolean;
  /** Of an earlier answer to the same question. */
  etag?: string | null;
  signal?: AbortSignal | undefined;
}

/** What installers are given: a tenth of the whole document on the public registry, and without times. */
const SHORT = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';

interface Document {
  'dist-tags'?: Record<string, unknown>;
  versions?: Record<string, { deprecated?: unknown }>;
  time?: Record<string, unknown>;
}

/**
 * Asks what there is now, past npm's cache: that one answers with what it has when the registry does not, and puts its own
 * time into the answer. While nothing is published, an answer is a few hundred bytes that say so (304).
 * @throws ReleasesError `version_not_found`, `registry_unreachable`, `registry_error`, `interrupted`
 */
export async function offeredReleases(
  options: ClientOptions,
  { whole = false, etag = null, signal }: OfferQuestion = {},
): Promise<Offer | Unchanged> {
  return ask('openclaw', options, signal, async (bounded) => {
    const fetch = await npmFetch();
    const { cache: _, ...uncached } = bounded;
    const response = await fetch('/openclaw', {
      ...uncached,
      headers: {
        accept: whole ? 'application/json' : SHORT,
        ...(etag !== null && { 'if-none-match': etag }),
      },
    });
    const saidAt = dateOf(response.headers.get('date'));
    if (response.status === 304) return { saidAt, unchanged: true };
    return { ...readDocument(await response.json()), etag: response.headers.get('etag'), saidAt };
  });
}

function dateOf(header: string | null): string | null {
  const ms = Date.parse(header ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

function readDocument(document: unknown): Pick<Offer, 'tags' | 'versions'> {
  const { 'dist-tags': tags = {}, versions = {}, time = {} } = (document ?? {}) as Document;
  return {
    tags: Object.fromEntries(
      Object.entries(tags).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    versions: Object.entries(versions).map(([version, manifest]) => ({
      version,
      at: typeof time[version] === 'string' ? time[version] : '',
      deprecated: reasonOf(manifest?.deprecated),
    })),
  };
}

/** npm takes a deprecation back by an empty text; some registries write `true`. */
function reasonOf(deprecated: unknown): string | null {
  if (typeof deprecated === 'string') return deprecated === '' ? null : deprecated;
  return deprecated === true ? 'no reason was given' : null;
}
