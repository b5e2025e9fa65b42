import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../src/host/port.js';
import { makeCollections, type Played, play } from '../fleet/ansible.js';
import { makeInventory } from '../fleet/inventory.js';
import { makeNetwork, type Network } from '../fleet/network.js';
import { TOKEN } from '../lab/gateway.js';
import { bootMachine, type Layer, type Machine, REPOSITORY } from '../lab/machine.js';
import { answerIn } from '../support/answer-schema.js';
import { type AtEnd, temporaryDirectory, until } from '../support/place.js';
import { openclawAt, UNIT } from './openclaw-gateway.js';
import { npmOpenClaw, OPENCLAW_NODE } from './openclaw-install.js';
import { type Answer, LONG_MS } from './openclaw-story.js';

const CLI = `${OPENCLAW_NODE} ${join(REPOSITORY, 'dist/cli/main.cjs')}`;
const SETTLE = ['--settle', '3'];
const NODE_VERSION = '24.21.0';

export interface RealHost {
  name: string;
  machine: Machine;
  /** Runs our command as the owner of the gateway. */
  ocr(command: string): Promise<Answer>;
  /** The `user_version` of the gateway's state. */
  stateSchema(): Promise<number>;
}

export interface RealFleet {
  hosts: RealHost[];
  /** Paths that were asked of the only registry that the hosts know; it refuses all of them. */
  asked: string[];
  /** Bytes that came from it. */
  registryBytes(): number;
  play(playbook: string, variables: Record<string, unknown>): Promise<Played>;
}

/**
 * Boots machines on a bridge, on each of which a real OpenClaw runs, adopted. Another host has made the pack of the next
 * version that they are given.
 */
export async function makeRealFleet(
  atEnd: AtEnd,
  { from, to, count }: { from: string; to: string; count: number },
): Promise<RealFleet> {
  const directory = temporaryDirectory('real-fleet', atEnd);
  const key = join(directory, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const pack = join(directory, 'openclaw.pack');
  const image = await makeImage(atEnd, { from, to, pack, key: readFileSync(`${key}.pub`, 'utf8') });
  const network = makeNetwork(atEnd);
  const registry = await refusingRegistry(atEnd);
  const env = {
    npm_config_registry: `http://127.0.0.1:${registry.port}`,
    npm_config_fetch_retries: '0',
    PATH: `${join(OPENCLAW_NODE, '..')}:/usr/local/bin:/usr/bin:/bin`,
  };
  const hosts = await Promise.all(
    Array.from({ length: count }, (_, index) => bootHost(atEnd, { at: index + 1, image, network, env })),
  );
  const relays = await Promise.all(
    hosts.map((_, index) => network.relay(index + 1, registry.port, directory)),
  );
  const inventory = join(directory, 'inventory.yml');
  for (const { host } of hosts) {
    const isReady = async () => (await host.ocr('status')).json.gateway?.health.ready === true;
    await until(`the gateway of ${host.name} is ready`, isReady, 120_000);
  }
  const listed = hosts.map(({ host: { name }, address }) => ({ name, address }));
  const variables = {
    openclaw_releases_command: CLI.split(' '),
    openclaw_releases_environment: env,
    openclaw_releases_update_arguments: SETTLE,
    openclaw_releases_rollback_arguments: SETTLE,
  };
  writeFileSync(inventory, JSON.stringify(makeInventory(listed, key, variables)));
  const collections = makeCollections(directory);
  return {
    hosts: hosts.map(({ host }) => host),
    asked: registry.asked,
    registryBytes: () => relays.reduce((sum, relay) => sum + relay.bytes(), 0),
    play: (playbook, given) =>
      play({
        ...{ inventory, collections, through: network.through, timeoutMs: LONG_MS },
        playbook: `openclaw.releases.${playbook}`,
        variables: { openclaw_releases_bake_seconds: 5, openclaw_releases_pack: pack, ...given },
        env: { ANSIBLE_SSH_CONTROL_PATH_DIR: join(directory, 's') },
      }).ended,
  };
}

async function refusingRegistry(atEnd: AtEnd): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(404, { connection: 'close' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => void server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

/** Makes the disk of all hosts, with `from` adopted and running, and the pack of `to`. */
async function makeImage(
  atEnd: AtEnd,
  { from, to, pack, key }: { from: string; to: string; pack: string; key: string },
): Promise<Layer & { port: number }> {
  const machine = await bootMachine({ atEnd });
  const login = await npmOpenClaw(machine, undefined, { openclaw: from, node: NODE_VERSION });
  const { home, run } = login;
  const [port, state] = [await freePort(), join(home, '.openclaw')];
  const gateway = { mode: 'local', bind: 'loopback', port, auth: { token: TOKEN } };
  await machine.write(join(state, 'openclaw.json'), JSON.stringify({ gateway }));
  await machine.write(join(home, '.ssh/authorized_keys'), key);
  await machine.run('systemctl enable ssh', { as: 'root' });
  await run(`openclaw gateway install --port ${port}`);
  const root = join(home, '.local/share/openclaw-releases');
  const openclaw = openclawAt(login, { unit: UNIT, scope: 'user', host: '127.0.0.1', port, state, root });
  await openclaw.ready(from);
  await run(`${CLI} adopt ${SETTLE.join(' ')}`, { timeoutMs: LONG_MS });
  const made = join(machine.shared, 'made.pack');
  const packing = [
    `${CLI} stage ${to} --root ~/packing`,
    `${CLI} pack ${to} --root ~/packing --output ${made}`,
    'chmod -R u+w ~/packing && rm -r ~/packing',
  ];
  await run(packing.join(' && '), { timeoutMs: LONG_MS });
  copyFileSync(made, pack);
  return { ...(await machine.powerOff()), port };
}

async function bootHost(
  atEnd: AtEnd,
  { at, image, network, env }: { at: number; image: Layer; network: Network; env: Record<string, string> },
): Promise<{ host: RealHost; address: string }> {
  const { path, address } = network.join(at);
  const machine = await bootMachine({ atEnd, copyOf: image, network: path });
  const state = join(machine.claw.home, '.openclaw/state/openclaw.sqlite');
  const script =
    'const { DatabaseSync } = require("node:sqlite");' +
    'console.log(new DatabaseSync(process.argv[1], { readOnly: true }).prepare("PRAGMA user_version").get().user_version)';
  const host: RealHost = {
    ...{ name: `m${at}`, machine },
    async ocr(command) {
      const options = { env, reject: false, timeoutMs: LONG_MS };
      const { exitCode, stdout, stderr } = await machine.run(`${CLI} ${command} --json`, options);
      if (!stdout) throw new Error(`${command} ended with ${exitCode} and printed nothing: ${stderr}`);
      return { exitCode, json: answerIn(command.split(' '), stdout) };
    },
    stateSchema: async () => Number((await machine.run(`${OPENCLAW_NODE} -e '${script}' ${state}`)).stdout),
  };
  return { host, address };
}
