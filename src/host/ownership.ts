import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Gives everything below a directory to the owner of that directory. For what the superuser has made there on the
 * owner's behalf: the owner must be able to switch and remove it later.
 */
export function giveToOwner(directory: string): void {
  const { uid, gid } = lstatSync(directory);
  give(directory, uid, gid);
}

function give(directory: string, uid: number, gid: number): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (lstatSync(path).uid !== uid) lchownSync(path, uid, gid);
    if (entry.isDirectory()) give(path, uid, gid);
  }
}
