import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Gives a tree that the superuser made to its directory's owner, who must be able to switch and remove it. */
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
