import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Lists a directory before its content, without following links as `readdir` of some Node versions does. */
export function below(directory: string, path = ''): { path: string; entry: Dirent }[] {
  const at = join(directory, path);
  if (!existsSync(at)) return [];
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
    const inner = { path: join(path, entry.name), entry };
    return entry.isDirectory() ? [inner, ...below(directory, inner.path)] : [inner];
  });
}
