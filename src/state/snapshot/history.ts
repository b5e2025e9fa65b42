import { constants, copyFileSync, lstatSync, mkdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import type { Found } from '../walk.js';

/** Attempts at a transcript that changes all the time; its last line may then be incomplete. */
const TRIES = 3;

/**
 * Copies history, because a newer release may move or remove it. No hard links: OpenClaw's migration of transcripts
 * refuses a file that has one, and the newer release would not start.
 * @returns sentences that name the files it could not copy
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

/** Keeps mode and modification time, since a restore moves this copy into place. */
function copyWhole(from: string, to: string): void {
  for (let tries = 1; ; tries++) {
    const before = lstatSync(from);
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    utimesSync(to, before.atime, before.mtime);
    const after = lstatSync(from);
    if (tries === TRIES || (before.size === after.size && before.mtimeMs === after.mtimeMs)) return;
  }
}
