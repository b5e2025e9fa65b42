import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../../src/host/port.js';
import { AGENT, askAgent, TOKEN } from '../lab/gateway.js';
import type { Machine, Ran, RunOptions } from '../lab/machine.js';
import { type OpenClaw, openclawAt, UNIT } from './openclaw-gateway.js';

/** Directory of a Node for OpenClaw: that of the tests may be too old for it. */
const NODE_HOME = '/opt/openclaw-node';

export const OPENCLAW_NODE = join(NODE_HOME, 'bin/node');

/** The release that npm installs, and a Node that runs it and 2026.6.1, and is too old for 2026.9.x. */
export const FIRST = { openclaw: '2026.5.28', node: '22.19.0' };

/** Somebody for whom npm has installed OpenClaw. */
export interface Login {
  user: string;
  home: string;
  /** Path of the program that a unit starts. */
  main: string;
  /** The search path, and npm's way to the registry. */
  env: Record<string, string>;
  /** Runs a command like `Machine.run`, with all that a login needs to run npm, OpenClaw and our command. */
  run(command: string, options?: RunOptions): Promise<Ran>;
}

/** A gateway whose agent can be asked to run something. */
export interface OpenClawWithAgent extends OpenClaw {
  /** Runs a command like `LabGateway.asAgent`. */
  asAgent(command: string): Promise<Ran | null>;
}

/** Installs the registry's Node of an exact version in the machine, for everybody. */
async function installNode(machine: Machine, version: string, env: Record<string, string>): Promise<void> {
  const name = `node-linux-${process.arch}`;
  await machine.run(
    [
      `npm install --prefix /opt/fetched --no-save --no-audit --no-fund --ignore-scripts ${name}@${version}`,
      `mv /opt/fetched/node_modules/${name} ${NODE_HOME}`,
      `rm -rf /opt/fetched ${NODE_HOME}/include ${NODE_HOME}/share`,
    ].join(' && '),
    { as: 'root', env, timeoutMs: 120_000 },
  );
}

/**
 * Has npm install a release for a user, in a prefix of their own, with a Node for it.
 * Downloads come from the registry that the host's npm is configured for, also those of the gateway itself.
 */
export async function npmOpenClaw(
  machine: Machine,
  { user, home }: Pick<Login, 'user' | 'home'> = { user: 'claw', home: machine.claw.home },
  release = FIRST,
): Promise<Login> {
  const network = await hostNetwork(join(machine.shared, 'npm-cache'));
  const prefix = join(home, '.npm-global');
  const env = {
    ...network,
    npm_config_prefix: prefix,
    PATH: `${NODE_HOME}/bin:${prefix}/bin:/usr/local/bin:/usr/bin:/bin`,
  };
  await installNode(machine, release.node, network);
  // The cache of npm belongs to the user who made it.
  await machine.run(`chown -R ${user}: "$npm_config_cache"`, { as: 'root', env: network });
  const run = (command: string, options?: RunOptions) =>
    machine.run(command, { as: user, timeoutMs: 180_000, ...options, env: { ...env, ...options?.env } });
  await run(
    `npm install --global --no-audit --no-fund --allow-scripts=openclaw openclaw@${release.openclaw}`,
  );
  return { user, home, env, main: join(prefix, 'lib/node_modules/openclaw/dist/index.js'), run };
}

/** A login with more variables. */
export function loginWith(login: Login, more: Record<string, string>): Login {
  return {
    ...login,
    env: { ...login.env, ...more },
    run: (command, options) => login.run(command, { ...options, env: { ...more, ...options?.env } }),
  };
}

/**
 * Installs `FIRST` for claw, has it write its own unit, and waits until it is ready.
 * @param settings of OpenClaw, by their path, besides those that it needs
 */
export async function installOpenClaw(
  machine: Machine,
  settings: Record<string, unknown> = {},
): Promise<OpenClawWithAgent> {
  const login = await npmOpenClaw(machine);
  const port = await freePort();
  const socket = join(machine.shared, 'openclaw.sock');
  const { PATH: _, npm_config_prefix: __, ...network } = login.env;
  const ofUnit = { ...network, NODE_OPTIONS: `--import=${AGENT}`, LAB_AGENT: socket };
  await machine.write(
    join(login.home, `.config/systemd/user/${UNIT}.d/10-agent.conf`),
    [
      '[Service]',
      ...Object.entries(ofUnit).map(([name, value]) => `Environment="${name}=${value}"`),
      '',
    ].join('\n'),
  );
  const needed = { 'gateway.mode': 'local', 'gateway.auth.token': TOKEN, 'gateway.bind': 'loopback' };
  for (const [key, value] of Object.entries({ ...needed, ...settings }))
    await login.run(
      `openclaw config set ${key} '${typeof value === 'string' ? value : JSON.stringify(value)}'`,
    );
  await login.run(`openclaw gateway install --port ${port}`);
  const openclaw = openclawAt(login, {
    ...{ unit: UNIT, scope: 'user', host: '127.0.0.1', port },
    state: join(login.home, '.openclaw'),
    root: join(login.home, '.local/share/openclaw-releases'),
  });
  await openclaw.ready(FIRST.openclaw);
  return { ...openclaw, asAgent: (command) => askAgent(socket, command) };
}

/** Variables for npm and for Node by which the host reaches its registry; without credentials. */
export async function hostNetwork(cache: string): Promise<Record<string, string>> {
  const told = /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|SSL_CERT_FILE|SSL_CERT_DIR)$/i;
  const found = Object.entries(process.env).flatMap(([name, value]) =>
    value && told.test(name) ? [[name, value] as const] : [],
  );
  const settings = await Promise.all(
    ['registry', 'cafile'].map(async (key) => {
      const { stdout } = await execa('npm', ['config', 'get', key]);
      return [`npm_config_${key}`, stdout.trim()] as const;
    }),
  );
  return Object.fromEntries([
    ...found,
    ...settings.filter(([, value]) => value !== 'null' && value !== 'undefined'),
    ['npm_config_cache', cache],
    ['npm_config_update_notifier', 'false'],
  ]);
}
