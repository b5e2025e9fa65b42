import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import type { FileList } from '../snapshot-layout.js';
import type { Found } from '../walk.js';
import { copySteadily, digestOfCopy } from './copy-file.js';

export interface HistoryCopy {
  files: NonNullable<FileList['history']>;
  /** Sentences that name the files it could not copy. */
  warnings: string[];
}

/**
 * Copies history, because a newer release may move or remove it; the last line of a transcript that grows may be
 * incomplete. No hard links: OpenClaw's migration of transcripts refuses a file that has one, and the newer release
 * would not start. Keeps mode and modification time, since a restore moves this copy into place.
 */
export async function copyHistory(
  directory: string,
  history: readonly Found[],
  into: string,
): Promise<HistoryCopy> {
  const files: HistoryCopy['files'] = [];
  const warnings: string[] = [];
  for (const { path } of history) {
    const [from, to] = [join(directory, path), join(into, path)];
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    try {
      const { before } = await copySteadily(from, to);
      files.push({
        path,
        kind: 'file',
        mode: before.mode & 0o7777,
        ...(await digestOfCopy(to, before.size)),
      });
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOSPC' || code === 'EDQUOT' || code === undefined) throw error;
      if (code === 'ENOENT') continue;
      warnings.push(`${JSON.stringify(path)} is history that could not be protected (${code}).`);
    }
  }
  return { files, warnings };
}
