import { statSync } from 'node:fs';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from './root.js';

/**
 * Writes down what somebody found out who only looks: they must not fail for it, and the superuser leaves no file of its own
 * in another's root.
 */
export function keepLooked(root: Root, path: string, text: string): void {
  try {
    if (statSync(root.path).uid !== process.getuid?.()) return;
    writeFileDurably(path, text, 0o600);
  } catch {}
}
