import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { digestFile } from '../../host/digest.js';
import { below } from '../below.js';
import { type CopiedFile, type Entry, KEPT, readFileList } from '../snapshot-layout.js';

/** Reason why a snapshot differs from its file list, naming the first bad file; null when intact. Reads all of it. */
export function whyNotIntact(kept: string): string | null {
  let list: ReturnType<typeof readFileList>;
  try {
    list = readFileList(kept);
  } catch {
    return `${join(kept, KEPT.list)} cannot be read, so nothing tells whether ${kept} is what was kept.`;
  }
  const files = join(kept, KEPT.files);
  const known = new Set(list.entries.map(({ path }) => path));
  const stranger = below(files).find(({ path }) => !known.has(path))?.path;
  if (stranger !== undefined) return `${join(files, stranger)} was not there when ${kept} was kept.`;
  const changed = list.entries.find((entry) => !isAsKept(join(files, entry.path), entry));
  if (changed !== undefined) return `${join(files, changed.path)} is not what was kept.`;
  const config = join(kept, KEPT.config);
  if (list.config && !isSameFile(config, list.config)) return `${config} is not what was kept.`;
  return null;
}

function isAsKept(path: string, entry: Entry): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (entry.kind === 'directory') return stats?.isDirectory() ?? false;
  if (entry.kind === 'link') return stats?.isSymbolicLink() === true && readlinkSync(path) === entry.target;
  return isSameFile(path, entry);
}

function isSameFile(path: string, copied: CopiedFile): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.size !== copied.size) return false;
  return digestFile(path).sha256 === copied.sha256;
}
