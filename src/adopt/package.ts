import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';

export interface InstalledOpenClaw {
  root: string;
  version: string;
  /** Untrusted content, because anyone may have written the file. */
  packageJson: Record<string, unknown>;
}

export function openClawAt(directory: string): InstalledOpenClaw | null {
  try {
    const root = realpathSync(directory);
    const packageJson = JSON.parse(
      readPlainFile(join(root, 'package.json'), LARGEST, { follow: true }).toString(),
    ) as Record<string, unknown>;
    const { name, version } = packageJson;
    return name === 'openclaw' && typeof version === 'string' ? { root, version, packageJson } : null;
  } catch {
    return null;
  }
}

export function openClawAround(file: string): InstalledOpenClaw | null {
  let at: string;
  try {
    at = realpathSync(file);
  } catch {
    return null;
  }
  for (; at !== dirname(at); at = dirname(at)) {
    const found = openClawAt(at);
    if (found) return found;
  }
  return null;
}
