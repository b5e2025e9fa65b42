import { join } from 'node:path';
import { claim, livingOwner, ownerText, ownText, removeLink } from './owner-symlink.js';
import type { Root } from './root.js';

/**
 * Keeps two runs of the timer, or two scrubs, from each other; the root's lock guards changes.
 * @returns what gives it up; null while another run lives
 */
export function acquireRunLock(root: Root, kind: 'timer' | 'scrub'): (() => void) | null {
  const path = join(root.path, `${kind}.lock`);
  const text = ownerText(path);
  if (text !== null && livingOwner(text) === null) removeLink(path, text);
  if (!claim(path)) return null;
  return () => removeLink(path, ownText());
}
