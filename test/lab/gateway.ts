import { createConnection } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../../src/host/port.js';
import type { Registry } from '../registry/registry.js';
import { until } from '../support/place.js';
import { type Machine, NODE, type Ran, REPOSITORY } from './machine.js';

/** The token in the configuration of every gateway of the lab. */
export const TOKEN = 'test';

/** Loaded into a gateway by `NODE_OPTIONS`; listens on the socket that `LAB_AGENT` names. */
export const AGENT = join(REPOSITORY, 'test/lab/agent.mjs');

export interface GatewayOptions {
  /** `ExecStart` for a port; the `openclaw` that npm installed in claw's prefix, unless given. */
  exec?: (port: number) => string;
  /** A user unit of claw, or a system unit with `User=claw`. */
  scope?: 'user' | 'system';
  /** Name without `.service`. */
  name?: string;
  /** A free one unless given. */
  port?: number;
  /** Description of the unit, as OpenClaw writes it at install and never again. */
  label?: string;
  /** Seconds; 30 unless given. */
  timeoutStopSec?: number;
  /** Seconds; 5 unless given. */
  restartSec?: number;
  /** More lines for `[Unit]` and `[Service]`, after the others. */
  unitLines?: string[];
  serviceLines?: string[];
  /** `false`: installed and enabled, not started. */
  start?: boolean;
}

/** A gateway under a unit of the machine. */
export interface LabGateway {
  /** Name with `.service`. */
  unit: string;
  scope: 'user' | 'system';
  /** File of the unit, inside. */
  file: string;
  /** Claw's state directory; `starts.jsonl` in it has a line for each start. */
  state: string;
  port: number;
  /** Address without a trailing slash; the network is the host's. */
  url: string;
  /** `systemctl` for the unit's manager, with these arguments before the unit; claw's own shell for a user unit. */
  systemctl(...args: string[]): Promise<Ran>;
  show(): Promise<Record<string, string>>;
  journal(): Promise<string>;
  get(path: string): Promise<{ status: number; body: unknown } | null>;
  /** The version that answers on the port, or null. */
  version(): Promise<string | null>;
  /** Waits until the port answers as ready, with that version when one is given. */
  ready(version?: string, withinMs?: number): Promise<void>;
  /** Every start so far, in order. */
  starts(): Promise<{ version: string; pid: number; at: number }[]>;
  /**
   * Runs a shell command as the gateway's agent would: a child of the gateway's process, in its cgroup, with its
   * environment. Null when the command was killed, or the gateway ended before it.
   * @throws Error when no gateway runs
   */
  asAgent(command: string): Promise<Ran | null>;
}

/** The prefix that npm installs into for claw. */
export function npmPrefix(machine: Machine): string {
  return join(machine.claw.home, '.npm-global');
}

/** Does what people do: `npm install --global openclaw@…`, as claw, from a registry on the host's loopback. */
export async function npmInstall(machine: Machine, registry: Registry, version: string): Promise<void> {
  const where = `--prefix ${npmPrefix(machine)} --registry ${registry.url}`;
  await machine.run(
    `npm install --global ${where} --no-audit --no-fund --no-update-notifier openclaw@${version}`,
  );
}

/** The program that `openclaw gateway install` would name in `ExecStart`, as npm installed it. */
export function installedMain(machine: Machine): string {
  return join(npmPrefix(machine), 'lib/node_modules/openclaw/dist/index.js');
}

/** Puts a gateway under a unit, as `openclaw gateway install` does, and starts it; waits for nothing. */
export async function installGateway(machine: Machine, options: GatewayOptions = {}): Promise<LabGateway> {
  const { scope = 'user', name = 'openclaw-gateway', port = await freePort(), start = true } = options;
  const unit = `${name}.service`;
  const { home } = machine.claw;
  const state = join(home, '.openclaw');
  const socket = join(machine.shared, `${name}.sock`);
  const url = `http://127.0.0.1:${port}`;
  const user = scope === 'user';
  const file = user ? join(home, '.config/systemd/user', unit) : join('/etc/systemd/system', unit);
  const owner = user ? 'claw' : 'root';

  const systemctl = (...args: string[]) =>
    machine.run(`systemctl ${user ? '--user ' : ''}${args.join(' ')} ${unit}`, { as: owner });
  const config = { gateway: { mode: 'local', bind: 'loopback', port, auth: { token: TOKEN } } };
  await machine.write(join(state, 'openclaw.json'), JSON.stringify(config));
  await machine.write(file, unitText({ machine, options, scope, unit, port, state, socket }), owner);
  await machine.run(`systemctl ${user ? '--user ' : ''}daemon-reload`, { as: owner });
  await systemctl('enable', '--quiet', ...(start ? ['--now'] : []));

  const get = async (path: string) => {
    const response = await fetch(url + path, {
      signal: AbortSignal.timeout(2_000),
      headers: { connection: 'close' },
    }).catch(() => null);
    return (
      response && { status: response.status, body: (await response.json().catch(() => null)) as unknown }
    );
  };
  const version = async () =>
    ((await get('/startupz'))?.body as { version?: string } | null)?.version ?? null;
  return {
    ...{ unit, scope, file, state, port, url, systemctl, get, version },
    show: () => machine.unit(unit, scope),
    journal: () => machine.journal(unit),
    async ready(wanted, withinMs = 15_000) {
      const answers = async () =>
        (await get('/readyz'))?.status === 200 && (!wanted || (await version()) === wanted);
      await until(`${unit} is ready${wanted ? ` with ${wanted}` : ''}`, answers, withinMs);
    },
    async starts() {
      const { stdout } = await machine.run(`cat ${join(state, 'starts.jsonl')}`, { reject: false });
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
    asAgent: (command) => askAgent(socket, command),
  };
}

/** Has the agent that listens on a socket run a shell command; see `LabGateway.asAgent`. */
export async function askAgent(socket: string, command: string): Promise<Ran | null> {
  const connection = createConnection(socket);
  connection.end(command);
  const answer = await text(connection);
  return answer ? JSON.parse(answer) : null;
}

function unitText(about: {
  machine: Machine;
  options: GatewayOptions;
  scope: 'user' | 'system';
  unit: string;
  port: number;
  state: string;
  socket: string;
}): string {
  const { machine, options, scope, unit, port, state, socket } = about;
  const { label = '2026.5.28', timeoutStopSec = 30, restartSec = 5 } = options;
  const exec = options.exec ?? ((at: number) => `${NODE} ${installedMain(machine)} gateway --port ${at}`);
  const user = scope === 'user';
  const environment = {
    HOME: machine.claw.home,
    PATH: '/opt/node/bin:/usr/local/bin:/usr/bin:/bin',
    OPENCLAW_GATEWAY_PORT: port,
    OPENCLAW_STATE_DIR: state,
    OPENCLAW_SYSTEMD_UNIT: unit,
    OPENCLAW_SERVICE_MARKER: 'openclaw',
    OPENCLAW_SERVICE_KIND: 'gateway',
    OPENCLAW_SERVICE_VERSION: label,
    NODE_OPTIONS: `--import=${AGENT}`,
    LAB_AGENT: socket,
  };
  return [
    '[Unit]',
    `Description=OpenClaw Gateway (v${label})`,
    'After=network-online.target',
    'Wants=network-online.target',
    ...(options.unitLines ?? []),
    '',
    '[Service]',
    `ExecStart=${exec(port)}`,
    ...(user ? [] : ['User=claw']),
    'Restart=always',
    `RestartSec=${restartSec}`,
    'RestartPreventExitStatus=78',
    `TimeoutStopSec=${timeoutStopSec}`,
    'TimeoutStartSec=30',
    'SuccessExitStatus=0 143',
    'KillMode=control-group',
    ...Object.entries(environment).map(([key, value]) => `Environment=${key}=${value}`),
    ...(options.serviceLines ?? []),
    '',
    '[Install]',
    `WantedBy=${user ? 'default.target' : 'multi-user.target'}`,
    '',
  ].join('\n');
}
