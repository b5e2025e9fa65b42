import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import cacache from 'cacache';
import contentPath from 'cacache/lib/content/path.js';
import { systemCode } from '../../core/errors.js';

/** Where npm's cache is, and what is wanted of it; the archive of a directory has no checksum that was known before. */
interface Place {
  cache?: string | undefined;
  integrity?: unknown;
}

/**
 * Where an archive is in npm's cache, to be read there: pacote would take it out in pieces of up to 64 MiB. Whoever reads it
 * has to check it, and to expect that it is gone.
 * @returns its path, or null when it is not there
 */
export function findInCache({ cache, integrity }: Place): string | null {
  if (!cache || !integrity) return null;
  const path = contentPath(cache, String(integrity));
  return existsSync(path) ? path : null;
}

/**
 * Moves an archive that is what its checksum says into npm's cache, in the place of a damaged one. npm's own way is to write
 * it while it comes, which is slower than the network: all that waits to be written is in memory.
 * @param key a name for it, by which npm knows that it is in use
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
    moveAcross(archive, join(cache, 'tmp', `openclaw-releases-${process.pid}-${basename(place)}`), place);
  }
  await cacache.index.insert(cache, `openclaw-releases:${key}`, String(integrity));
}

/** To another filesystem; what is at `to` is always whole. */
function moveAcross(from: string, partial: string, to: string): void {
  mkdirSync(dirname(partial), { recursive: true });
  try {
    copyFileSync(from, partial);
    renameSync(partial, to);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
