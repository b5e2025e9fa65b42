import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

/** Shims of version managers, by the name of the program behind a link, and by what a script runs. */
const SHIM = /^(?:volta-shim|mise|rtx)$/;
const SHIM_SCRIPT = /^exec .*\b(?:asdf|mise|rtx|nodenv)"? (?:x|exec) /m;

/** Line of a script that npm or pnpm puts in the place of a link. */
const LINKED_BY_SCRIPT = /^\s*exec .*"\$basedir\/([^"]+\/openclaw\/[^"]+\.[cm]?js)" +"\$@"$/m;

/** Package whose program a file is; `shim` for a version manager's `openclaw`; null for any other file. */
export function openClawStartedBy(file: string): InstalledOpenClaw | 'shim' | null {
  try {
    const real = realpathSync(file);
    const install = openClawAround(real);
    if (install) return /\.[cm]?js$/.test(real) ? install : null;
    if (basename(file) !== 'openclaw') return null;
    if (SHIM.test(basename(real))) return 'shim';
    const script = readPlainFile(real, LARGEST).toString();
    const linked = LINKED_BY_SCRIPT.exec(script)?.[1];
    if (linked) return openClawAround(join(dirname(real), linked));
    return SHIM_SCRIPT.test(script) ? 'shim' : null;
  } catch {
    return null;
  }
}
