import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMAND_FILE } from '../store/launchers.js';
import { defaultRootPath, type Root, rootAt } from '../store/root.js';
import type { PluginApi } from './api.js';

/** Where this gateway stands: what it was started from, and which program changes it. */
export interface Host {
  root: Root;
  /** Our command as it is now: a newer one may have come, elsewhere too, while the gateway runs. */
  readonly cli: string;
  /** The id of the release that this process was started from; null where another program started it. */
  release: string | null;
  /** OpenClaw's version, as this process knows it. */
  version: string | null;
  pid: number;
  /** ISO 8601: since when this process runs. */
  since: string;
}

/**
 * Only a launcher sets `OPENCLAW_RELEASES_RELEASE`: a gateway of another profile of the same user has none, and
 * neither has a candidate that is started on a copy of the state.
 */
export function hostOf(api: PluginApi, env: NodeJS.ProcessEnv = process.env): Host {
  const directory = api.rootDir ?? fileURLToPath(new URL('.', import.meta.url));
  const isInRoot = commandIn(directory) !== null && !env.OPENCLAW_RELEASES_ROOT;
  return {
    root: rootAt(isInRoot ? dirname(directory) : defaultRootPath(env)),
    get cli() {
      return commandIn(directory) ?? join(directory, '../cli/main.cjs');
    },
    release: env.OPENCLAW_RELEASES_RELEASE?.split('/').at(-1) ?? null,
    // 2026.9 forbids a look at it while only commands are asked for.
    version: isWhole(api) ? (api.runtime?.version ?? null) : null,
    pid: process.pid,
    since: new Date(Date.now() - process.uptime() * 1000).toISOString(),
  };
}

/** What the directory says of our command: a root's does, that of the package stands beside it. */
function commandIn(directory: string): string | null {
  try {
    return readFileSync(join(directory, COMMAND_FILE), 'utf8').trim();
  } catch {
    return null;
  }
}

/** Whether this is a gateway, or a command, that uses what is registered; else it is only looked at. */
export function isWhole({ registrationMode = 'full' }: PluginApi): boolean {
  return registrationMode === 'full';
}
