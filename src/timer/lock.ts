import { join } from 'node:path';
import { claim, livingOwner, ownerText, ownText, removeLink } from '../store/owner-symlink.js';
import type { Root } from '../store/root.js';

/**
 * Makes this the only run of the timer in a root until the answer is called; null while another one is at it. It keeps two
 * runs from telling the same decision twice. What guards the changes themselves is the lock.
 */
export function acquireTimerLock(root: Root): (() => void) | null {
  const path = join(root.path, 'timer.lock');
  const text = ownerText(path);
  if (text !== null && livingOwner(text) === null) removeLink(path, text);
  if (!claim(path)) return null;
  return () => removeLink(path, ownText());
}
