import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AtEnd } from '../support/place.js';

const RELAY = fileURLToPath(new URL('./relay.mjs', import.meta.url));

/** Network of the controller, whose bridge joins all machines; nothing of the host can be reached from it. */
export interface Network {
  /** Words that run a program in the network of the controller. */
  through: string[];
  /** Adds a machine; `path` is its network namespace. */
  join(at: number): { path: string; address: string };
  /** Pulls the machine's cable, or plugs it in again. */
  link(at: number, state: 'up' | 'down'): void;
  /** Makes a port of the host's loopback reachable at the same port of the machine's loopback. */
  relay(at: number, port: number, directory: string): Promise<{ bytes(): number; close(): Promise<void> }>;
}

let networks = 0;

export function makeNetwork(atEnd: AtEnd): Network {
  const name = `ocr-${process.pid}-${++networks}`;
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  const controller = `${name}-c`;
  const names: string[] = [];
  const add = (netns: string) => {
    ip('netns', 'add', netns);
    names.push(netns);
    ip('-n', netns, 'link', 'set', 'lo', 'up');
  };
  atEnd(() => {
    for (const netns of names.reverse()) ip('netns', 'delete', netns);
  });
  add(controller);
  ip('-n', controller, 'link', 'add', 'bridge', 'type', 'bridge');
  ip('-n', controller, 'address', 'add', '10.99.0.1/24', 'dev', 'bridge');
  ip('-n', controller, 'link', 'set', 'bridge', 'up');
  const of = (at: number) => `${name}-${at}`;
  const inside = (netns: string) => ['nsenter', `--net=/run/netns/${netns}`];
  return {
    through: inside(controller),
    join(at) {
      const netns = of(at);
      add(netns);
      ip(
        '-n',
        controller,
        'link',
        'add',
        `port${at}`,
        'type',
        'veth',
        'peer',
        'name',
        'host0',
        'netns',
        netns,
      );
      ip('-n', controller, 'link', 'set', `port${at}`, 'master', 'bridge', 'up');
      const address = `10.99.0.${10 + at}`;
      ip('-n', netns, 'address', 'add', `${address}/24`, 'dev', 'host0');
      ip('-n', netns, 'link', 'set', 'host0', 'up');
      return { path: `/run/netns/${netns}`, address };
    },
    link: (at, state) => void ip('-n', controller, 'link', 'set', `port${at}`, state),
    async relay(at, port, directory) {
      let bytes = 0;
      const socket = join(directory, `relay-${at}`);
      const server = createServer((one) => {
        const other = createConnection(port, '127.0.0.1');
        other.on('data', (data) => {
          bytes += data.length;
        });
        one.pipe(other).pipe(one);
        const end = () => {
          one.destroy();
          other.destroy();
        };
        one.on('error', end);
        other.on('error', end);
      }).listen(socket);
      await once(server, 'listening');
      const [program = '', ...args] = [...inside(of(at)), process.execPath, RELAY, String(port), socket];
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      const close = async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill();
        await ended;
        server.close();
      };
      atEnd(close);
      return { bytes: () => bytes, close };
    },
  };
}
