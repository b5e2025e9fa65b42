import cacache from 'cacache';
import { FORM, type Json } from './document.js';

/** Where a document is kept. */
export interface DocumentPlace {
  /** npm's cache; nothing is kept without it. */
  cache?: string | undefined;
  registry: string;
  name: string;
  /** Whether it has the times of publication. */
  withTimes: boolean;
}

export interface KeptDocument {
  document: Json;
  /** Headers that ask its registry whether it is still so. */
  question: Record<string, string>;
}

/**
 * A document as `keepDocument` was given it, in npm's cache. npm itself keeps all of a document there, nine tenths of which
 * nobody reads: writing, reading and checking them takes as long as all else that finds a tree.
 * @returns null where there is none, or not whole
 */
export async function recallDocument(place: DocumentPlace): Promise<KeptDocument | null> {
  if (!place.cache) return null;
  try {
    const { data, metadata } = await cacache.get(place.cache, keyOf(place));
    return { document: JSON.parse(data.toString()), question: metadata.question };
  } catch {
    return null;
  }
}

/** Keeps what a registry has answered, unless it says nothing by which it could be asked whether that is still so. */
export async function keepDocument(
  place: DocumentPlace,
  document: Json,
  headers: Pick<Headers, 'get'>,
): Promise<void> {
  const question = questionOf(headers);
  if (!place.cache || !question) return;
  try {
    await cacache.put(place.cache, keyOf(place), JSON.stringify(document), { metadata: { question } });
  } catch {
    // It is a help, and no more.
  }
}

function keyOf({ registry, name, withTimes }: DocumentPlace): string {
  return `openclaw-releases:document-${FORM}${withTimes ? '-with-times' : ''}:${registry} ${name}`;
}

/** RFC 9110, 13.1: the tag goes before the time. */
function questionOf(headers: Pick<Headers, 'get'>): Record<string, string> | null {
  const etag = headers.get('etag');
  if (etag) return { 'if-none-match': etag };
  const lastModified = headers.get('last-modified');
  return lastModified ? { 'if-modified-since': lastModified } : null;
}
