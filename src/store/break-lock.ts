import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../core/sha256.js';
import { faultPoint } from '../host/fault.js';
import type { ProcessIdentity } from '../host/process.js';
import { moveAside } from './move-aside.js';
import { claim, livingOwner, ownerText, ownText, parseOwner, removeLink } from './owner-symlink.js';
import type { Root } from './root.js';

const GUARD = 'lock.break-';

/** Limit of nested guards: each level is one process that died while it broke the lock of the one before. */
const DEEPEST = 100;

/**
 * Removes a lock or guard whose owner is dead. Two processes that saw it must not both remove it: the second could
 * remove the new lock of a third. Only the process that creates the guard, a link named after the dead owner, removes
 * it, after a second read. Identities never repeat, so a late process finds another text.
 * @returns the living process that holds the lock or already breaks it; null when the caller should try again
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

/** Removes guards that dead processes left. Only for the holder of the lock: what they guarded is gone by then. */
export function sweepGuards(root: Root): void {
  for (const name of readdirSync(root.path)) {
    if (!name.startsWith(GUARD)) continue;
    const guard = join(root.path, name);
    const text = ownerText(guard);
    if (text !== null && !livingOwner(text)) remove(root, guard, text);
  }
}

function guardOf(root: Root, text: string): string {
  return join(root.path, GUARD + sha256(text).slice(0, 16));
}

/** Moves a file that we did not write to `corrupt/`, because the operator may want it back. */
function remove(root: Root, path: string, text: string): void {
  if (parseOwner(text)) removeLink(path, text);
  else moveAside(root, path, 'names no process that could hold the lock');
}
