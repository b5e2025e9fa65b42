import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LARGEST, readPlainFile } from '../core/bounded-file.js';
import { compareVersions } from '../core/version.js';
import { COMMAND_FILE } from '../store/launchers.js';
import { defaultRootPath, type Root, rootAt } from '../store/root.js';
import type { PluginApi } from './api.js';

export interface Host {
  root: Root;
  /** Path of our command, read each time: a newer one may arrive, elsewhere too, while the gateway runs. */
  readonly cli: string;
  /** Id of the release that this process was started from; null when another program started it. */
  release: string | null;
  version: string | null;
  pid: number;
  since: string;
}

/** Launchers alone set `OPENCLAW_RELEASES_RELEASE`; another profile's gateway or a candidate has none. */
export function hostOf(api: PluginApi, env: NodeJS.ProcessEnv = process.env): Host {
  const directory = api.rootDir ?? fileURLToPath(new URL('.', import.meta.url));
  const isInRoot = commandIn(directory) !== null && !env.OPENCLAW_RELEASES_ROOT;
  return {
    root: rootAt(isInRoot ? dirname(directory) : defaultRootPath(env)),
    get cli() {
      return commandIn(directory) ?? join(directory, '../cli/main.cjs');
    },
    release: env.OPENCLAW_RELEASES_RELEASE?.split('/').at(-1) ?? null,
    // OpenClaw 2026.9 forbids this access while it only collects commands.
    version: isWhole(api) ? (api.runtime?.version ?? null) : null,
    pid: process.pid,
    since: new Date(Date.now() - process.uptime() * 1000).toISOString(),
  };
}

/** Path of our command as written in a root; null in the package, which has the command beside the plugin. */
function commandIn(directory: string): string | null {
  try {
    return readPlainFile(join(directory, COMMAND_FILE), LARGEST).toString().trim();
  } catch {
    return null;
  }
}

/** Returns true in a gateway or a command that uses the plugin; otherwise OpenClaw only inspects it. */
export function isWhole({ registrationMode = 'full' }: PluginApi): boolean {
  return registrationMode === 'full';
}

export function collectsTools({ registrationMode = 'full' }: PluginApi): boolean {
  return ['full', 'discovery', 'tool-discovery'].includes(registrationMode);
}

/** Returns true from an OpenClaw of 2026.9 on. */
export function isNewLine({ version }: Host): boolean {
  return version !== null && compareVersions(version, '2026.9.0') >= 0;
}
