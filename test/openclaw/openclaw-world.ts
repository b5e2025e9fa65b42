import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/host/port.js';
import { type AtEnd, removeDirectory, temporaryDirectory, writeTree } from '../support/place.js';
import { type BareWorld, bareWorld } from '../support/world.js';
import { hostNetwork } from './openclaw-install.js';

export const TOKEN = 'test';

/** Milliseconds in which real OpenClaw is ready on a machine with other work, on 22 s of processor time. */
const READY_WITHIN_MS = 300_000;

/** Directories of a root that have all of a staged release. */
export const STAGED = ['releases', 'runtimes', 'lockfiles'];

export interface OpenClawWorldOptions {
  /** Settings of OpenClaw by their path, besides those that it needs; they may name the place. */
  settings?: (place: string) => Record<string, unknown>;
  /** More of the environment that commands and the supervisor get. */
  env?: Record<string, string>;
  /** The Node that the command runs on; this process's own unless given. */
  node?: string;
  /** Called with the pid of each supervisor as it begins. */
  onSupervisor?: (pid: number) => void;
  /** Directory that stays, with all that was staged in it; a temporary one unless given. */
  kept?: string | null;
  /** Directory for the root and the state, given that of the world; the same one unless given. */
  diskIn?: (path: string) => string;
}

/** A world of real OpenClaw on this machine, whose releases come from the registry of the host's npm. */
export async function openclawWorld(atEnd: AtEnd, options: OpenClawWorldOptions = {}): Promise<BareWorld> {
  const { settings = () => ({}), env: more = {}, node = process.execPath, onSupervisor } = options;
  const { kept = null } = options;
  const path = kept ?? temporaryDirectory('run', atEnd);
  const disk = options.diskIn?.(path) ?? path;
  const port = await freePort();
  const root = join(disk, 'root');
  if (kept !== null) {
    for (const name of ['state', 'home', 'tmp', 'workspace']) removeDirectory(join(path, name));
    for (const name of existsSync(root) ? readdirSync(root) : [])
      if (!STAGED.includes(name)) rmSync(join(root, name), { recursive: true, force: true });
  }
  const state = writeTree(join(disk, 'state'), {
    'openclaw.json': JSON.stringify(
      configuration(port, { 'agents.defaults.workspace': join(path, 'workspace'), ...settings(path) }),
    ),
  });
  const env = {
    ...(await hostNetwork(join(path, 'npm-cache'))),
    PATH: process.env.PATH ?? '',
    HOME: writeTree(join(path, 'home'), { '.keep': '' }),
    TMPDIR: writeTree(join(path, 'tmp'), { '.keep': '' }),
    npm_config_prefix: join(path, 'global'),
    OPENCLAW_STATE_DIR: state,
    OPENCLAW_RELEASES_ROOT: root,
    OPENCLAW_RELEASES_PROBE: 'version',
    ...more,
  };
  return bareWorld({ path, root, port, env, node }, atEnd, {
    readyWithinMs: READY_WITHIN_MS,
    ...(onSupervisor && { onSupervisor }),
  });
}

function configuration(port: number, settings: Record<string, unknown>) {
  const tree: Record<string, unknown> = {
    gateway: { mode: 'local', port, bind: 'loopback', auth: { mode: 'token', token: TOKEN } },
  };
  for (const [path, value] of Object.entries(settings)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let at = tree;
    for (const key of keys) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return tree;
}
