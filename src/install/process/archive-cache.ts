import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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
    moveAcross(archive, join(cache, 'tmp', `openclaw-releases-${process.pid}-${basename(place)}`), place);
  }
  await cacache.index.insert(cache, `openclaw-releases:${key}`, String(integrity));
}

/** Moves to another filesystem; the file at `to` is always complete. */
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
