import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import cacache from 'cacache';
import contentPath from 'cacache/lib/content/path.js';
import { systemCode } from '../../core/errors.js';

/** Path to read in place, as pacote takes pieces of up to 64 MiB. The caller checks it; the file may be gone. */
export function findInCache(cache: string, integrity: string): string | null {
  const path = contentPath(cache, integrity);
  return existsSync(path) ? path : null;
}

/**
 * Moves a checked archive into npm's cache, over a damaged one. npm writes during the download, which is slower than
 * the network and keeps the waiting bytes in memory.
 * @param key name in npm's index, which marks the archive as used
 */
export async function moveIntoCache(
  cache: string,
  integrity: string,
  key: string,
  archive: string,
): Promise<void> {
  const place = contentPath(cache, integrity);
  mkdirSync(dirname(place), { recursive: true });
  try {
    renameSync(archive, place);
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
    // Another filesystem. Where this ends halfway, every reader sees it by the checksum, and npm fetches it again.
    rmSync(place, { force: true });
    copyFileSync(archive, place);
  }
  await cacache.index.insert(cache, `openclaw-releases:${key}`, integrity);
}
