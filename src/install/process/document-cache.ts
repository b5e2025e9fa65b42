import cacache from 'cacache';
import { FORM, type Json } from './document.js';

export interface DocumentPlace {
  /** npm's cache; without it nothing is stored. */
  cache?: string | undefined;
  registry: string;
  name: string;
  /** True when the document contains times of publication. */
  withTimes: boolean;
}

export interface CachedDocument {
  document: Json;
  /** Headers of a conditional request. */
  question: Record<string, string>;
}

/**
 * Reads a document stored by `keepDocument` in npm's cache. npm stores whole documents, nine tenths unused: writing,
 * reading and checking them takes as long as the rest of resolving a tree.
 * @returns null when absent or damaged
 */
export async function readCachedDocument(place: DocumentPlace): Promise<CachedDocument | null> {
  if (!place.cache) return null;
  try {
    const { data, metadata } = await cacache.get(place.cache, keyOf(place));
    return { document: JSON.parse(data.toString()), question: metadata.question };
  } catch {
    return null;
  }
}

/** Stores an answer, unless it has no header for a conditional request. */
export async function cacheDocument(
  place: DocumentPlace,
  document: Json,
  headers: Pick<Headers, 'get'>,
): Promise<void> {
  const question = questionOf(headers);
  if (!place.cache || !question) return;
  try {
    await cacache.put(place.cache, keyOf(place), JSON.stringify(document), { metadata: { question } });
  } catch {
    // The cache only saves time.
  }
}

function keyOf({ registry, name, withTimes }: DocumentPlace): string {
  return `openclaw-releases:document-${FORM}${withTimes ? '-with-times' : ''}:${registry} ${name}`;
}

/** Prefers the tag to the time (RFC 9110, 13.1). */
function questionOf(headers: Pick<Headers, 'get'>): Record<string, string> | null {
  const etag = headers.get('etag');
  if (etag) return { 'if-none-match': etag };
  const lastModified = headers.get('last-modified');
  return lastModified ? { 'if-modified-since': lastModified } : null;
}
