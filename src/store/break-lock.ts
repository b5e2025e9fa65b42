import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { faultPoint } from '../host/fault.js';
import type { ProcessIdentity } from '../host/process.js';
import { claim, livingOwner, ownerText, ownText, parseOwner, removeLink } from './owner-symlink.js';
import type { Root } from './root.js';
import { setAside } from './set-aside.js';

const GUARD = 'lock.break-';

/** Processes that died one after the other, each while it broke what the one before had left. */
const DEEPEST = 100;

/**
 * Removes a lock, or a guard, whose owner is dead. Of many that try it at once only the one that makes the guard may:
 * a link named after the text of the dead one. It looks again first, and as an identity never comes back, whoever
 * makes a guard too late finds another text and does nothing. Two that both removed what they had seen could remove
 * the new lock of a third one.
 * @returns the living process that holds what was to be broken, or is breaking it already; null when it is worth
 * trying to take the lock again
 */
export function breakDead(root: Root, path = root.lock, depth = 0): ProcessIdentity | null {
  const text = ownerText(path);
  if (text === null || depth > DEEPEST) return null;
  const living = livingOwner(text);
  if (living) return living;
  const guard = guardOf(root, text);
  if (!claim(guard)) return breakDead(root, guard, depth + 1);
  try {
    faultPoint('before break lock');
    if (ownerText(path) === text) remove(root, path, text);
  } finally {
    removeLink(guard, ownText());
  }
  return null;
}

/**
 * Removes the guards that dead processes left. For the holder of the lock: what they guarded is gone by then, so
 * whoever finds or makes one of them has nothing left to remove.
 */
export function sweepGuards(root: Root): void {
  for (const name of readdirSync(root.path)) {
    if (!name.startsWith(GUARD)) continue;
    const guard = join(root.path, name);
    const text = ownerText(guard);
    if (text !== null && !livingOwner(text)) remove(root, guard, text);
  }
}

function guardOf(root: Root, text: string): string {
  return join(root.path, GUARD + createHash('sha256').update(text).digest('hex').slice(0, 16));
}

/** What no process of ours has made may be something that somebody wants back. */
function remove(root: Root, path: string, text: string): void {
  if (parseOwner(text)) removeLink(path, text);
  else setAside(root, path, 'names no process that could hold the lock');
}
