import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import cacache from 'cacache';
import contentPath from 'cacache/lib/content/path.js';
import { systemCode } from '../../core/errors.js';

/** npm's cache and the wanted checksum; nobody knows the checksum of a directory's archive in advance. */
interface Place {
  cache?: string | undefined;
  integrity?: unknown;
}

/** Path to read in place, as pacote takes pieces of up to 64 MiB. The caller checks it; the file may be gone. */
export function findInCache({ cache, integrity }: Place): string | null {
  if (!cache || !integrity) return null;
  const path = contentPath(cache, String(integrity));
  return existsSync(path) ? path : null;
}

/**
 * Moves a checked archive into npm's cache, over a damaged one. npm writes during the download, which is slower than
 * the network and keeps the waiting bytes in memory.
 * @param key name in npm's index, which marks the archive as used
 */
export async function moveIntoCache(
  { cache, integrity }: Place,
  key: string,
  archive: string,
): Promise<void> {
  if (!cache || !integrity) return;
  const place = contentPath(cache, String(integrity));
  mkdirSync(dirname(place), { recursive: true });
  try {
    renameSync(archive, place);
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
    // Another filesystem. Where this ends halfway, every reader sees it by the checksum, and npm fetches it again.
    copyFileSync(archive, place);
  }
  await cacache.index.insert(cache, `openclaw-releases:${key}`, String(integrity));
}
