import { statSync } from 'node:fs';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from './root.js';

/** Caches a result, ignoring errors. Skips the root of another user: the superuser leaves no file of its own there. */
export function writeCache(root: Root, path: string, text: string): void {
  try {
    if (statSync(root.path).uid !== process.getuid?.()) return;
    writeFileDurably(path, text, 0o600);
  } catch {}
}
