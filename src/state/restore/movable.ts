import { accessSync, constants, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mountsBelow } from './mounts.js';
import { wholeSubtrees } from './subtrees.js';

/** Reason why renames cannot move the state out of a directory, or null. Checked before the first move. */
export function whyNotMovable(directory: string, left: readonly string[]): string | null {
  if (!lstatSync(directory, { throwIfNoEntry: false })?.isDirectory())
    return `${directory} is not a directory.`;
  const mounts = mountsBelow(directory);
  for (const part of wholeSubtrees(directory, left)) {
    const path = join(directory, part);
    const mount = mounts.find((point) => point === part || point.startsWith(`${part}/`));
    if (mount !== undefined) {
      return `${join(directory, mount)} is a mount of its own there, and cannot be moved with the state.`;
    }
    const closed = [dirname(path), path].find(isClosed);
    if (closed !== undefined) return `${closed} belongs to another user, and cannot be moved.`;
  }
  return null;
}

/** Returns true for a directory of another user that is not writable; our own can be made writable. */
function isClosed(path: string): boolean {
  const stats = lstatSync(path);
  if (!stats.isDirectory() || stats.uid === process.getuid?.()) return false;
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return false;
  } catch {
    return true;
  }
}
