import { constants, copyFileSync, lstatSync, mkdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import type { Found } from '../walk.js';

/** A transcript that is written all the time is copied this often; its last line is then one that was not ended. */
const TRIES = 3;

/**
 * Protects history by copies, which share their blocks where the filesystem can: what a newer release moves or removes
 * is still there. Never by second names for the same files: OpenClaw's own migration of transcripts refuses a file
 * that has one, and the newer release would not start.
 * @param into a directory that is made when there is history; it has the same paths in it
 * @returns sentences that name what could not be copied
 */
export function copyHistory(directory: string, history: readonly Found[], into: string): string[] {
  const warnings: string[] = [];
  for (const { path } of history) {
    const [from, to] = [join(directory, path), join(into, path)];
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    try {
      copyWhole(from, to);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOSPC' || code === 'EDQUOT' || code === undefined) throw error;
      if (code === 'ENOENT') continue;
      warnings.push(`${JSON.stringify(path)} is history that could not be protected (${code}).`);
    }
  }
  return warnings;
}

/** With its mode and the time of its last change, since it may be put back as it is. */
function copyWhole(from: string, to: string): void {
  for (let tries = 1; ; tries++) {
    const before = lstatSync(from);
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    utimesSync(to, before.atime, before.mtime);
    const after = lstatSync(from);
    if (tries === TRIES || (before.size === after.size && before.mtimeMs === after.mtimeMs)) return;
  }
}
