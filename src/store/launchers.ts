import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from './root.js';

/** What is put into `bin/`, by its name there, from the same places seen from `src/` and from `dist/`. */
const SHIPPED = {
  // First, because a launcher that knows of it runs it.
  restore: '../../dist/restore.cjs',
  gateway: '../../layout/bin/gateway',
  openclaw: '../../layout/bin/openclaw',
};

/** Puts the launchers and what they need into the root, replacing those of another version of this program whole. */
export function installLaunchers(root: Root): void {
  for (const [name, shipped] of Object.entries(SHIPPED)) {
    const text = readFileSync(fileURLToPath(new URL(shipped, import.meta.url)), 'utf8');
    const path = join(root.bin, name);
    if (readIfThere(path) === text) continue;
    writeFileDurably(path, text, 0o755);
    chmodSync(path, 0o755);
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
