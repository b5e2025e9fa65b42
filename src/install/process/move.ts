import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Moves an unpacked package to its place, which may contain nested packages already. */
export function moveInto(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (!existsSync(to) || readdirSync(to).length === 0) {
    renameSync(from, to);
    return;
  }
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory() && existsSync(target)) moveInto(source, target);
    else renameSync(source, target);
  }
}
