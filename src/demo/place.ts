import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../core/sha256.js';
import { freePort } from '../host/port.js';
import { makeTemporaryDirectory } from '../host/temporary.js';
import { findHome } from '../host/user.js';

/** Temporary home of a demonstration: everything is written below `path`. */
export interface Place {
  path: string;
  port: number;
  log: string;
  env: NodeJS.ProcessEnv;
  remove(): void;
}

export async function makePlace(cache?: string): Promise<Place> {
  const path = makeTemporaryDirectory('openclaw-releases-demo-');
  const at = (name: string) => {
    mkdirSync(join(path, name), { recursive: true });
    return join(path, name);
  };
  const port = await freePort();
  const state = at('state');
  const config = {
    gateway: { mode: 'local', port, bind: 'loopback', auth: { token: 'demo' } },
    logging: { file: join(state, 'openclaw.log') },
  };
  writeFileSync(join(state, 'openclaw.json'), JSON.stringify(config, null, 2), { mode: 0o600 });
  const removeStrays = strays(join(state, 'state/openclaw.sqlite'));
  return {
    path,
    port,
    log: join(state, 'gateway.log'),
    env: {
      ...withoutOpenClaw(process.env),
      HOME: at('home'),
      TMPDIR: at('tmp'),
      OPENCLAW_STATE_DIR: state,
      OPENCLAW_CONFIG_PATH: join(state, 'openclaw.json'),
      OPENCLAW_RELEASES_ROOT: join(path, 'root'),
      npm_config_cache: cache ?? at('npm-cache'),
      // Another home, but the user's registry, proxy and credentials.
      npm_config_userconfig: process.env.npm_config_userconfig ?? join(findHome() ?? '/', '.npmrc'),
    },
    remove() {
      openDirectories(path);
      rmSync(path, { recursive: true, force: true });
      removeStrays();
    },
  };
}

/** Keeps the demonstration away from the user's real gateway. */
function withoutOpenClaw(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OPENCLAW_')));
}

/**
 * Files that OpenClaw writes to /tmp, ignoring TMPDIR. Other gateways of this user share the directories, so only the
 * lock files named after our database, and directories that are empty and new, are removed.
 */
function strays(database: string): () => void {
  const locks = `/tmp/openclaw-state-locks-${process.getuid?.()}`;
  const absent = ['/tmp/openclaw', locks].filter((directory) => !existsSync(directory));
  return () => {
    const suffix = sha256(database).slice(0, 8);
    for (const family of ['gateway', 'state'])
      rmSync(join(locks, `${family}-lifecycle.${suffix}.lock.sqlite`), { force: true });
    for (const directory of absent) removeIfEmpty(directory);
  };
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Absent, or another gateway uses it now.
  }
}

/** Releases are read-only; a directory must be writable before it can be emptied. */
function openDirectories(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openDirectories(join(path, entry.name));
  }
}
