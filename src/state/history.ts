import { constants, copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../errors.js';
import type { Found } from './walk.js';

/** A kernel, or a filesystem, that has no link for this file; `EPERM` is for those of another user. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EMLINK', 'EOPNOTSUPP', 'ENOTSUP', 'EACCES']);

/**
 * Protects history by second names for the same files, which cost no room and no time: what a newer release moves or
 * removes is still there. Where there can be no second name the blocks are shared, and where that cannot be either
 * the file is named in a sentence.
 * @param into a directory that is made when there is history; it has the same paths in it
 * @returns the sentences
 */
export function linkHistory(directory: string, history: readonly Found[], into: string): string[] {
  const warnings: string[] = [];
  for (const { path } of history) {
    const [from, to] = [join(directory, path), join(into, path)];
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    try {
      protect(from, to);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOSPC' || code === 'EDQUOT' || code === undefined) throw error;
      if (code === 'ENOENT') continue;
      warnings.push(`${JSON.stringify(path)} is history that could not be protected (${code}).`);
    }
  }
  return warnings;
}

function protect(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!NO_LINK.has(systemCode(error) ?? '')) throw error;
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE);
  }
}
