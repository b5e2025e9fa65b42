import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileDurably } from '../host/durable.js';
import type { Root } from './root.js';

const SHIPPED = fileURLToPath(new URL('../../layout/bin', import.meta.url));

/** Puts `bin/gateway` and `bin/openclaw` into the root, replacing those of another version of this program whole. */
export function installLaunchers(root: Root): void {
  for (const name of ['gateway', 'openclaw']) {
    const text = readFileSync(join(SHIPPED, name), 'utf8');
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
