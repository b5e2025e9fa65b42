import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Everything below a directory by its path relative to it, a directory before what is in it; nothing when there is no
 * such directory. Links are not followed: Node's own recursive `readdir` follows them in some versions.
 */
export function below(directory: string, path = ''): { path: string; entry: Dirent }[] {
  const at = join(directory, path);
  if (!existsSync(at)) return [];
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
    const inner = { path: join(path, entry.name), entry };
    return entry.isDirectory() ? [inner, ...below(directory, inner.path)] : [inner];
  });
}
