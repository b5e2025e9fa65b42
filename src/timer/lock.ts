import { join } from 'node:path';
import { claim, livingOwner, ownerText, ownText, removeLink } from '../store/owner-symlink.js';
import type { Root } from '../store/root.js';

/** Keeps two timer runs from reporting one decision twice; the root's lock guards changes. Null while another lives. */
export function acquireTimerLock(root: Root): (() => void) | null {
  const path = join(root.path, 'timer.lock');
  const text = ownerText(path);
  if (text !== null && livingOwner(text) === null) removeLink(path, text);
  if (!claim(path)) return null;
  return () => removeLink(path, ownText());
}
