import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { freePort } from '../../src/host/port.js';
import { AGENT, askAgent, npmPrefix, TOKEN } from '../lab/gateway.js';
import type { Machine, Ran } from '../lab/machine.js';
import { until } from '../support/place.js';

/** Directory of a Node for OpenClaw: that of the tests may be too old for it. */
const NODE_HOME = '/opt/openclaw-node';

/** Everything that a login of claw needs to run npm, OpenClaw and our command. */
export const OPENCLAW_NODE = join(NODE_HOME, 'bin/node');

/** Version of a Node that runs 2026.5.28 and 2026.6.1, and is too old for 2026.9.x. */
export const NODE_22 = '22.19.0';

export const UNIT = 'openclaw-gateway.service';

/** Key of the tests' session, the same in all versions. */
const SESSION = 'agent:main:kept';

/** Real OpenClaw, installed by npm; it puts itself under systemd, as its manual says. */
export interface OpenClaw {
  port: number;
  /** Environment of a login of claw: the search path, and npm's way to the registry. */
  env: Record<string, string>;
  /** Version that the answering gateway reports, or null. */
  version(): Promise<string | null>;
  ready(version: string): Promise<void>;
  /** Does something, and measures the longest time in which a client got no answer; to about 0.1 s. */
  outageDuring<T>(work: () => Promise<T>): Promise<{ done: T; outageMs: number }>;
  /** Opens the session of the tests; once for a state, and only by a version that pairs automatically, as 2026.5.28 does. */
  openSession(): Promise<void>;
  /** Has the agent say something in that session. */
  say(text: string): Promise<void>;
  /** Everything that was said in it, as the gateway tells it; nothing when it knows of no such session. */
  said(): Promise<string[]>;
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
 * Installs OpenClaw for claw, with a Node of that version, has it write its own unit, and waits until it is ready.
 * Downloads come from the registry that the host's npm is configured for, also those of the gateway itself.
 * @param settings of OpenClaw, by their path, besides those that it needs
 */
export async function installOpenClaw(
  machine: Machine,
  versions: { openclaw: string; node: string },
  settings: Record<string, unknown> = {},
): Promise<OpenClaw> {
  const port = await freePort();
  const network = await hostNetwork(join(machine.shared, 'npm-cache'));
  const prefix = npmPrefix(machine);
  const socket = join(machine.shared, 'openclaw.sock');
  const env = {
    ...network,
    npm_config_prefix: prefix,
    PATH: `${NODE_HOME}/bin:${prefix}/bin:/usr/local/bin:/usr/bin:/bin`,
  };
  await installNode(machine, versions.node, network);
  // The cache of npm belongs to the user who made it.
  await machine.run('chown -R claw: "$npm_config_cache"', { as: 'root', env: network });
  const ofUnit = { ...network, NODE_OPTIONS: `--import=${AGENT}`, LAB_AGENT: socket };
  const login = (command: string) => machine.run(command, { env, timeoutMs: 180_000 });
  await login(
    `npm install --global --no-audit --no-fund --allow-scripts=openclaw openclaw@${versions.openclaw}`,
  );
  await machine.write(
    join(machine.claw.home, `.config/systemd/user/${UNIT}.d/10-agent.conf`),
    [
      '[Service]',
      ...Object.entries(ofUnit).map(([name, value]) => `Environment="${name}=${value}"`),
      '',
    ].join('\n'),
  );
  const needed = { 'gateway.mode': 'local', 'gateway.auth.token': TOKEN, 'gateway.bind': 'loopback' };
  for (const [key, value] of Object.entries({ ...needed, ...settings }))
    await login(`openclaw config set ${key} '${typeof value === 'string' ? value : JSON.stringify(value)}'`);
  await login(`openclaw gateway install --port ${port}`);

  const get = async (path: string): Promise<Answered | null> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}`, connection: 'close' },
      signal: AbortSignal.timeout(2_000),
    }).catch(() => null);
    const json = (await response?.json().catch(() => null)) as Record<string, unknown> | null;
    return response && { ok: response.ok, status: response.status, json };
  };
  // Older versions have no other page that says it.
  const version = async () =>
    ((await get('/__openclaw/control-ui-config.json'))?.json?.serverVersion as string | undefined) ?? null;
  const ready = (wanted: string) =>
    until(
      `OpenClaw ${wanted} is ready`,
      async () => (await get('/readyz'))?.ok === true && (await version()) === wanted,
      60_000,
    );
  const outageDuring = async <T>(work: () => Promise<T>) => {
    let over = false;
    const working = work().finally(() => {
      over = true;
    });
    // The caller that awaits it below reports this.
    working.catch(() => {});
    let answeredAt = performance.now();
    let outageMs = 0;
    while (!over) {
      const answered = (await get('/healthz'))?.ok === true;
      const now = performance.now();
      outageMs = Math.max(outageMs, now - answeredAt);
      if (answered) answeredAt = now;
      await setTimeout(50);
    }
    return { done: await working, outageMs };
  };
  // The command of the release that is current: an older one speaks another protocol.
  const program = join(machine.claw.home, '.local/share/openclaw-releases/bin/openclaw');
  const call = (method: string, parameters: object, reject = true) =>
    machine.run(
      `${program} gateway call ${method} --url ws://127.0.0.1:${port} --token ${TOKEN} --json ` +
        `--params '${JSON.stringify(parameters)}'`,
      { env, reject },
    );
  const inject = { sessionKey: SESSION };
  await ready(versions.openclaw);
  return {
    ...{ port, env, version, ready, outageDuring },
    async openSession() {
      // Nobody is there to hear it; but the first caller is paired, with the rights that this call needs.
      await call('chat.inject', { ...inject, message: 'Is anybody there?' }, false);
      await call('sessions.create', { key: SESSION });
    },
    async say(text) {
      await call('chat.inject', { ...inject, message: text });
    },
    async said() {
      const answer = await get(`/sessions/${encodeURIComponent(SESSION)}/history`);
      if (answer?.status === 404) return [];
      if (!answer?.json || !answer.ok)
        throw new Error(`The gateway does not tell what was said: ${answer?.status}`);
      const messages = answer.json.messages as { content: { text: string }[] }[];
      return messages.flatMap(({ content }) => content.map(({ text }) => text));
    },
    asAgent: (command) => askAgent(socket, command),
  };
}

interface Answered {
  ok: boolean;
  status: number;
  json: Record<string, unknown> | null;
}

/** Variables for npm and for Node by which the host reaches its registry; without credentials. */
async function hostNetwork(cache: string): Promise<Record<string, string>> {
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
