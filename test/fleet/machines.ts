import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/host/port.js';
import { installGateway, npmInstall } from '../lab/gateway.js';
import { bootMachine, type Layer, type Machine, NODE, REPOSITORY } from '../lab/machine.js';
import { type Behaviour, openclawPackage, tinyDependency } from '../registry/gateway-package.js';
import { type Registry, startRegistry } from '../registry/registry.js';
import { answerIn } from '../support/answer-schema.js';
import { type AtEnd, temporaryDirectory } from '../support/place.js';
import { makeCollections, type Played, play } from './ansible.js';
import { makeInventory } from './inventory.js';
import { makeNetwork, type Network } from './network.js';

export const FIRST = '2026.5.28';

const CLI = `${NODE} ${join(REPOSITORY, 'dist/cli/main.cjs')}`;
const QUICK = ['--settle', '0.5', '--ready-timeout', '3'];

/** Number of machines; the last one is set up as OpenClaw's own collection does it. */
export const COUNT = 6;

/** A host of the fleet, which only the bridge and its own loopback reach. */
export interface FleetHost {
  name: string;
  at: number;
  machine: Machine;
  /** Owner of the gateway. */
  user: 'claw' | 'openclaw';
  /** Runs our command as the owner of the gateway, inside. */
  ocr(command: string): Promise<{ exitCode: number; json: Answer }>;
  /** Version that answers on the gateway's port, asked inside; null without an answer. */
  version(): Promise<string | null>;
  /** Starts of the gateway until now. */
  starts(): Promise<number>;
}

// biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
type Answer = any;

export interface Fleet {
  hosts: FleetHost[];
  network: Network;
  registry: Registry;
  /** Directory of the controller. */
  directory: string;
  publish(version: string, behaviour?: Behaviour): void;
  /** @throws Error for a name that no host has */
  host(name: string): FleetHost;
  /** Lets a host reach the registry, until `close`. */
  reachRegistry(at: number): ReturnType<Network['relay']>;
  /** Begins a playbook of the collection on the controller. */
  begin(playbook: string, variables?: Record<string, unknown>, check?: boolean): ReturnType<typeof play>;
  play(playbook: string, variables?: Record<string, unknown>, check?: boolean): Promise<Played>;
  /** Version that answers on each host. */
  versions(): Promise<(string | null)[]>;
}

/** Boots the machines; all but the last one have `FIRST` running, adopted. The first one reaches a registry. */
export async function makeFleet(atEnd: AtEnd): Promise<Fleet> {
  const directory = temporaryDirectory('fleet', atEnd);
  const registry = await startRegistry({ packumentMaxAge: 0 });
  atEnd(() => registry.close());
  registry.publish(tinyDependency());
  registry.publish(openclawPackage(FIRST));
  const key = join(directory, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const port = await freePort();
  const env = { npm_config_registry: registry.url, npm_config_fetch_retries: '0' };
  const image = await makeImage(atEnd, { registry, port, key: readFileSync(`${key}.pub`, 'utf8'), env });
  const network = makeNetwork(atEnd);
  const hosts = await Promise.all(
    Array.from({ length: COUNT }, (_, index) =>
      bootHost(atEnd, { at: index + 1, image, network, port, env }),
    ),
  );
  const reachRegistry = (at: number) => network.relay(at, Number(new URL(registry.url).port), directory);
  await reachRegistry(1);
  const inventory = join(directory, 'inventory.yml');
  writeFileSync(inventory, JSON.stringify(inventoryOf(hosts, key, env)));
  const collections = makeCollections(directory);
  const begin: Fleet['begin'] = (playbook, variables = {}, check = false) =>
    play({
      ...{ inventory, collections, check, through: network.through },
      playbook: playbook.includes('/') ? playbook : `openclaw.releases.${playbook}`,
      variables: {
        openclaw_releases_bake_seconds: 1,
        openclaw_releases_controller_directory: join(directory, 'packs'),
        ...variables,
      },
      env: { ANSIBLE_SSH_CONTROL_PATH_DIR: join(directory, 's') },
    });
  return {
    ...{ hosts: hosts.map(({ host }) => host), network, registry, directory, begin },
    reachRegistry,
    host(name) {
      const found = hosts.find(({ host }) => host.name === name);
      if (!found) throw new Error(`There is no host ${name}.`);
      return found.host;
    },
    publish: (version, behaviour = {}) => registry.publish(openclawPackage(version, behaviour)),
    play: (...given) => begin(...given).ended,
    versions: () => Promise.all(hosts.map(({ host }) => host.version())),
  };
}

interface Setting {
  port: number;
  env: Record<string, string>;
}

interface Image extends Layer {
  /** Directory of the machine that it was made on; its gateway knows the path. */
  shared: string;
}

async function makeImage(
  atEnd: AtEnd,
  { registry, port, key, env }: Setting & { registry: Registry; key: string },
): Promise<Image> {
  const machine = await bootMachine({ atEnd });
  await npmInstall(machine, registry, FIRST);
  const gateway = await installGateway(machine, { port, timeoutStopSec: 6, restartSec: 0.5 });
  await machine.run('useradd --create-home --shell /bin/bash openclaw && systemctl enable ssh', {
    as: 'root',
  });
  for (const [user, home] of [
    ['root', '/root'],
    ['claw', '/home/claw'],
  ] as const)
    await machine.write(join(home, '.ssh/authorized_keys'), key, user);
  await machine.run(
    `npm install --global --prefix ~/.local --registry ${registry.url} --no-audit --no-fund openclaw@${FIRST}`,
    { as: 'openclaw' },
  );
  await gateway.ready(FIRST);
  await machine.run(`${CLI} adopt ${QUICK.join(' ')}`, { env, timeoutMs: 120_000 });
  return { ...(await machine.powerOff()), shared: machine.shared };
}

/** The unit of OpenClaw's own collection, apart from docker, and with quicker restarts. */
function ownCollectionsUnit(): string {
  const home = '/home/openclaw';
  return `[Unit]
Description=OpenClaw Gateway
After=network.target

[Service]
Type=simple
User=openclaw
Group=openclaw
WorkingDirectory=${home}
Environment="PATH=${home}/.local/bin:/opt/node/bin:/usr/local/bin:/usr/bin:/bin"
Environment="HOME=${home}"
ExecStart=${home}/.local/bin/openclaw gateway
Restart=always
RestartSec=1
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=${home}/.openclaw
StandardOutput=journal
StandardError=journal
SyslogIdentifier=openclaw

[Install]
WantedBy=multi-user.target
`;
}

async function bootHost(
  atEnd: AtEnd,
  { at, image, network, port, env }: Setting & { at: number; image: Image; network: Network },
) {
  const { path, address } = network.join(at);
  const machine = await bootMachine({ atEnd, copyOf: image, network: path });
  const user = at === COUNT ? ('openclaw' as const) : ('claw' as const);
  if (user === 'openclaw') {
    await machine.run('systemctl --user disable --now openclaw-gateway');
    const config = { gateway: { mode: 'local', bind: 'loopback', port, auth: { token: 'test' } } };
    await machine.write('/home/openclaw/.openclaw/openclaw.json', JSON.stringify(config), 'root');
    await machine.write('/etc/systemd/system/openclaw.service', ownCollectionsUnit(), 'root');
    const start = 'chown -R openclaw: /home/openclaw/.openclaw && systemctl enable --now openclaw';
    await machine.run(start, { as: 'root' });
  }
  const ask = `fetch('http://127.0.0.1:${port}/startupz').then((a) => a.json()).then((a) => console.log(a.version))`;
  const host: FleetHost = {
    ...{ name: `m${at}`, at, machine, user },
    async ocr(command) {
      const options = { as: user, env, reject: false, timeoutMs: 120_000 };
      const { exitCode, stdout, stderr } = await machine.run(`${CLI} ${command} --json`, options);
      if (!stdout) throw new Error(`${command} ended with ${exitCode} and printed nothing: ${stderr}`);
      return { exitCode, json: answerIn(command.split(' '), stdout) };
    },
    async version() {
      const { exitCode, stdout } = await machine.run(`${NODE} -e "${ask}"`, { as: 'root', reject: false });
      return exitCode === 0 ? stdout.trim() : null;
    },
    async starts() {
      const journal = await machine.journal(
        user === 'openclaw' ? 'openclaw.service' : 'openclaw-gateway.service',
      );
      return journal.match(/\[gateway\] listening/g)?.length ?? 0;
    },
  };
  return { host, address };
}

function inventoryOf(
  hosts: { host: FleetHost; address: string }[],
  key: string,
  env: Record<string, string>,
) {
  const system = {
    ansible_user: 'root',
    ansible_become: true,
    ansible_become_method: 'su',
    ansible_become_user: 'openclaw',
    openclaw_releases_scope: 'system',
    openclaw_releases_unit: 'openclaw.service',
  };
  const own = hosts.map(({ host: { name, user }, address }) => ({
    ...{ name, address, variables: user === 'openclaw' ? system : {} },
  }));
  return makeInventory(own, key, {
    openclaw_releases_command: CLI.split(' '),
    openclaw_releases_environment: env,
    openclaw_releases_update_arguments: QUICK,
    openclaw_releases_rollback_arguments: QUICK,
    openclaw_releases_adopt_arguments: QUICK,
  });
}
