import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** OpenClaw makes this whatever TMPDIR says, when it can. */
const OPENCLAW_TEMPORARY = '/tmp/openclaw';

/** A throw-away home for a demonstration: everything that is written goes below `path`. */
export interface Place {
  path: string;
  root: string;
  port: number;
  env: NodeJS.ProcessEnv;
  /** Removes all of it. */
  remove(): void;
}

/** Makes the place, with the configuration of a gateway that talks to loopback alone, on a free port. */
export async function makePlace(): Promise<Place> {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-releases-demo-'));
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
  const root = join(path, 'root');
  const hadTemporary = exists(OPENCLAW_TEMPORARY);
  return {
    path,
    root,
    port,
    env: {
      ...withoutOpenClaw(process.env),
      HOME: at('home'),
      TMPDIR: at('tmp'),
      OPENCLAW_STATE_DIR: state,
      OPENCLAW_CONFIG_PATH: join(state, 'openclaw.json'),
      OPENCLAW_RELEASES_ROOT: root,
      npm_config_cache: at('npm-cache'),
      // Another home, but the same registry, proxy and credentials.
      npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), '.npmrc'),
    },
    remove() {
      openDirectories(path);
      rmSync(path, { recursive: true, force: true });
      if (!hadTemporary) removeIfEmpty(OPENCLAW_TEMPORARY);
    },
  };
}

/** The demonstration must not meet the gateway that runs this person's life. */
function withoutOpenClaw(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OPENCLAW_')));
}

function exists(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not there, or another gateway has begun to use it.
  }
}

/** Releases are read-only; a directory must be opened before it can be emptied. */
function openDirectories(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openDirectories(join(path, entry.name));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
