import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../src/host/port.js';
import { instanceOf } from '../../../src/openclaw/instance.js';
import { reach } from '../../../src/openclaw/reach.js';
import { temporaryDirectory } from '../../support/place.js';

const TLS = fileURLToPath(new URL('../../fixtures/tls/', import.meta.url));

/** Listens as it is told, one server after the other, and prints a line then. */
const PROGRAM = `
  const { readFileSync } = require('node:fs');
  const answer = ({ url }, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(url === '/readyz' ? '{"ready":true}' : '{}');
  (async () => {
    for (const { address, port, as } of JSON.parse(process.argv[1])) {
      const [key, cert] = ['key.pem', 'certificate.pem'].map((name) => as === 'https' && readFileSync(process.env.TLS + name));
      const server = as === 'https' ? require('node:https').createServer({ key, cert }, answer)
        : as === 'http' ? require('node:http').createServer(answer) : require('node:net').createServer((s) => s.destroy());
      await new Promise((done) => server.listen({ host: address, port, ipv6Only: true }, done));
    }
    process.stdout.write('listening');
    setInterval(() => {}, 1e6);
  })();
`;

interface Server {
  address: string;
  port?: number;
  as?: 'http' | 'https' | 'nothing';
}

/** A process that listens; as a child of the one whose pid is given when it is wrapped. */
async function start(servers: Server[], { wrapped = false, env = {} } = {}) {
  const port = await freePort();
  const listening = servers.map((server) => ({ port, as: 'http', ...server }));
  const command = [process.execPath, '-e', PROGRAM, JSON.stringify(listening)];
  const [file = '', ...args] = wrapped ? ['/bin/sh', '-c', '"$@"; :', 'sh', ...command] : command;
  const child = spawn(file, args, {
    env: { TLS, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  onTestFinished(() => void process.kill(-(child.pid ?? 0), 'SIGKILL'));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('It ended.')));
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {});
  return { pid: child.pid ?? 0, port };
}

const launched = (port: number, env = {}) => ({
  args: ['gateway', '--port', String(port)],
  env: { HOME: '/nowhere', ...env },
});

test.each([
  ['127.0.0.1', 'http://127.0.0.1'],
  ['127.0.0.2', 'http://127.0.0.2'],
  ['0.0.0.0', 'http://127.0.0.1'],
  ['::1', 'http://[::1]'],
  ['::', 'http://[::1]'],
])('a gateway that listens on %s alone is asked there', async (address, url) => {
  const { pid, port } = await start([{ address }]);
  const { endpoint, health } = await reach({ pid, launch: launched(port) });
  expect(endpoint).toMatchObject({ address, port, url: `${url}:${port}`, listener: pid });
  expect(health).toMatchObject({ live: true, ready: true });
});

test('a gateway that speaks TLS is asked over TLS, also where its configuration does not say so', async () => {
  const { pid, port } = await start([{ address: '127.0.0.1', as: 'https' }]);
  const { endpoint, health } = await reach({ pid, launch: launched(port) });
  expect(endpoint.url).toBe(`https://127.0.0.1:${port}`);
  expect(health.live).toBe(true);
});

test('a gateway on another port than configured is found there, not among its other sockets', async () => {
  const [other, configured] = [await freePort(), await freePort()];
  const { pid, port } = await start([
    { address: '127.0.0.1', port: other, as: 'nothing' },
    { address: '127.0.0.3' },
  ]);
  const { endpoint } = await reach({ pid, launch: launched(configured) });
  expect(endpoint).toMatchObject({ address: '127.0.0.3', port, listener: pid });
});

test('a gateway below a wrapper is found with its own environment, not with that of the wrapper', async () => {
  const home = temporaryDirectory('home');
  const { pid, port } = await start([{ address: '127.0.0.1' }], { wrapped: true, env: { HOME: home } });
  const { endpoint } = await reach({ pid, launch: launched(port) });
  expect(endpoint.listener).not.toBe(pid);
  expect(endpoint.listener).toBeGreaterThan(0);
  expect(instanceOf({ pid, launch: launched(port) }, endpoint)).toMatchObject({
    ...{ directory: join(home, '.openclaw'), user: process.getuid?.(), port, address: '127.0.0.1' },
  });
});

test('a gateway that listens nowhere yet is named by its configuration, and no other process answers for it', async () => {
  const { port } = await start([{ address: '127.0.0.1' }]);
  const silent = await start([]);
  const { endpoint } = await reach({ pid: silent.pid, launch: launched(await freePort()) });
  expect(endpoint.listener).toBeNull();
  const taken = await reach({ pid: silent.pid, launch: launched(port) });
  expect(taken.endpoint).toMatchObject({ port, listener: null });
});
