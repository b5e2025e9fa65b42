import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { listenerPids, listenersOf } from '../../../src/host/listener.js';

const servers: Server[] = [];
const accepted = new Set<Socket>();
const children: ChildProcess[] = [];

afterEach(async () => {
  const closed = servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)));
  // A client of another test, whose own server had this port before, may wait here for an answer.
  for (const socket of accepted) socket.destroy();
  accepted.clear();
  await Promise.all(closed);
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

async function listen(host: string, port = 0): Promise<number> {
  const server = createServer((socket) => accepted.add(socket.on('error', () => {})));
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts a program that prints its port once it listens. */
async function listenElsewhere(code: string, prefix: string[] = []): Promise<{ pid: number; port: number }> {
  const [file = '', ...args] = [...prefix, process.execPath, '-e', code];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid ?? 0, port: Number(String(text)) };
}

const LISTEN = `const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port));`;

describe('listenerPids', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('finds this process listening on %s', async (host) => {
    expect(listenerPids(await listen(host))).toContain(process.pid);
  });

  test('finds a listener in another process', async () => {
    const { pid, port } = await listenElsewhere(LISTEN);
    expect(listenerPids(port)).toEqual([pid]);
  });

  test('names both when IPv4 and IPv6 are held by different processes', async () => {
    const { pid, port } = await listenElsewhere(LISTEN);
    await listen('::1', port);
    expect(listenerPids(port)).toEqual([process.pid, pid].sort((a, b) => a - b));
  });

  test('names every process that inherited the socket', async () => {
    const inherit = `const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'],
      { stdio: ['ignore', 'ignore', 'ignore', s._handle.fd] }); c.on('spawn', () => console.log(s.address().port, c.pid));`;
    const child = spawn(
      process.execPath,
      ['-e', `const s = require('net').createServer().listen(0, '127.0.0.1', () => { ${inherit} });`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    const [port = 0, heir = 0] = String(text).split(' ').map(Number);
    try {
      expect(listenerPids(port)).toEqual([child.pid ?? 0, heir].sort((a, b) => a - b));
    } finally {
      process.kill(heir, 'SIGKILL');
    }
  });

  test('finds nobody once the listener is gone, and for a port that is only connected to', async () => {
    const { port } = await listenElsewhere(`const net = require('net');
      const s = net.createServer((c) => c.resume()).listen(0, '127.0.0.1', () => {
        const c = net.connect(s.address().port, '127.0.0.1', () => { s.close(); console.log(c.localPort); });
      });`);
    expect(listenerPids(port)).toEqual([]);
    const gone = await listen('127.0.0.1');
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(listenerPids(gone)).toEqual([]);
  });

  test.each(['127.0.0.1', '::1'])('finds each of many on %s, beside connections to them', async (host) => {
    const ports = [];
    const sockets = [];
    for (let count = 0; count < 50; count++) {
      const port = await listen(host);
      ports.push(port);
      const socket = connect(port, host);
      sockets.push(socket);
      await once(socket, 'connect');
    }
    // Other processes may listen on the same port of the other family.
    for (const port of ports) expect(listenerPids(port)).toContain(process.pid);
    for (const socket of sockets) expect(listenerPids(socket.localPort ?? 0)).not.toContain(process.pid);
    for (const socket of sockets) socket.destroy();
  });
});

describe('listenersOf', () => {
  const on = (wanted: number, pid: number) => listenersOf([pid]).filter(({ port }) => port === wanted);

  test.each(['127.0.0.1', '::1'])('names the process that listens on %s, and no other', async (host) => {
    const port = await listen(host);
    expect(on(port, process.pid)).toMatchObject([{ pid: process.pid, address: host, isShared: false }]);
    expect(on(port, process.ppid)).toEqual([]);
  });

  test('says that two processes share the port, and names none that is gone', async () => {
    const { pid, port } = await listenElsewhere(LISTEN);
    expect(on(port, pid)).toMatchObject([{ isShared: false }]);
    await listen('127.0.0.2', port);
    expect(on(port, pid)).toMatchObject([{ isShared: false }]);
    await listen('::1', port);
    expect(on(port, pid)).toMatchObject([{ address: '127.0.0.1', isShared: true }]);
    expect(on(port, process.pid)).toMatchObject([
      { address: '127.0.0.2', isShared: false },
      { address: '::1', isShared: true },
    ]);
    const gone = await listen('127.0.0.1');
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(on(gone, process.pid)).toEqual([]);
  });
});
