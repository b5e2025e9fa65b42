import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PluginApi } from '../../../src/plugin/api.js';
import { OWN_HEADER } from '../../../src/plugin/authorize.js';
import type { Host } from '../../../src/plugin/host.js';
import { registerRoutes } from '../../../src/plugin/routes.js';
import { rootAt } from '../../../src/store/root.js';
import { temporaryDirectory, until } from '../../support/place.js';

/** Stands for our command: notes its process, waits for the file `open`, answers, and notes its end. */
const COMMAND = `
const { appendFileSync, existsSync } = require('node:fs');
appendFileSync(__dirname + '/began', process.pid + ' ' + process.argv[3] + '\\n');
const wait = setInterval(() => {
  if (!existsSync(__dirname + '/open')) return;
  clearInterval(wait);
  appendFileSync(__dirname + '/ended', process.argv[3] + '\\n');
  process.stdout.write('{"ok":true,"payload":{"ok":true}}\\n');
}, 20);
`;

const PAGE = {
  [OWN_HEADER]: 'page',
  'content-type': 'application/json',
  authorization: 'Bearer secret',
};

type Route = Parameters<PluginApi['registerHttpRoute']>[0];

/** Serves the plugin's routes as a gateway does, with a command that waits. */
async function gateway() {
  const directory = temporaryDirectory();
  const path = (name: string) => join(directory, name);
  writeFileSync(path('cli.cjs'), COMMAND);
  const routes: Route[] = [];
  const api = { registerHttpRoute: (route: Route) => routes.push(route) } as unknown as PluginApi;
  const host: Host = {
    root: rootAt(directory),
    cli: path('cli.cjs'),
    release: null,
    version: null,
    pid: process.pid,
    since: new Date().toISOString(),
  };
  registerRoutes(api, host, { html: 'page', headers: { 'x-content-type-options': 'nosniff' } });
  let arrived = 0;
  let closed = 0;
  const server = createServer((request, response) => {
    arrived++;
    response.on('close', () => closed++);
    const route = routes.find(({ path: at, match }) =>
      match === 'exact' ? request.url === at : request.url?.startsWith(at),
    );
    void route?.handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const lines = (name: string) =>
    existsSync(path(name)) ? readFileSync(path(name), 'utf8').trim().split('\n') : [];
  const began = () => lines('began').map((line) => Number(line.split(' ')[0]));
  const open = () => writeFileSync(path('open'), '');
  onTestFinished(async () => {
    open();
    await until('all children have exited', () => !began().some(isRunning));
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/releases`;
  const ask = (name: string, init: RequestInit = {}) =>
    fetch(`${url}/api/${name}`, { headers: PAGE, ...init });
  return { url, ask, began, ended: () => lines('ended'), open, arrived: () => arrived, closed: () => closed };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('100 looks at once start two processes: equal ones share an answer, the others get 503 with Retry-After', async () => {
  const { ask, began, open } = await gateway();
  const many = (count: number, name: string) => Array.from({ length: count }, () => ask(name));
  const shared = [...many(40, 'list'), ...many(30, 'verify')];
  await until('two processes look', () => began().length === 2);
  const refused = await Promise.all([...many(20, 'status'), ...many(10, 'history')]);
  for (const response of refused) {
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.json()).toMatchObject({ ok: false, error: { code: 'too_many_requests' } });
  }
  expect(began()).toHaveLength(2);
  open();
  for (const response of await Promise.all(shared)) expect(response.status).toBe(200);
  expect(began()).toHaveLength(2);
  await until('another look is answered', async () => (await ask('status')).status === 200);
});

test('a look continues while one of its clients waits', async () => {
  const { ask, began, ended, open, arrived, closed } = await gateway();
  const clients = [new AbortController(), new AbortController()];
  const answers = clients.map(({ signal }) => ask('list', { signal }).catch(() => 'left'));
  const stays = ask('list');
  await until('one process looks for all three', () => arrived() === 3 && began().length === 1);
  for (const client of clients) client.abort();
  expect(await Promise.all(answers)).toEqual(['left', 'left']);
  await until('the gateway knows that two have left', () => closed() === 2);
  open();
  expect((await stays).status).toBe(200);
  expect(began()).toHaveLength(1);
  expect(ended()).toEqual(['releases.list']);
});

test('a look is killed with its last client and the next one starts anew; a change without a client is made', async () => {
  const { ask, began, ended, open } = await gateway();
  const client = new AbortController();
  const { signal } = client;
  const look = ask('list', { signal }).catch(() => 'left');
  const change = ask('unhold', { method: 'POST', body: '{}', signal }).catch(() => 'left');
  await until('both processes run', () => began().length === 2);
  client.abort();
  expect(await Promise.all([look, change])).toEqual(['left', 'left']);
  await until('one process is gone', () => began().filter(isRunning).length === 1);
  const next = ask('list');
  await until('a new process looks', () => began().length === 3);
  open();
  expect((await next).status).toBe(200);
  await until('the change is made', () => ended().length === 2);
  expect(ended().sort()).toEqual(['releases.list', 'releases.unhold']);
});

test('a look that another page of the browser can start is refused before any process starts', async () => {
  const { ask, began } = await gateway();
  for (const name of ['picture', 'list', 'verify']) {
    const response = await ask(name, { headers: { authorization: 'Bearer secret' } });
    expect(response.status, name).toBe(403);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  }
  expect(began()).toEqual([]);
});

test.each([
  ['arrays a little too', '['.repeat(21) + ']'.repeat(21)],
  ['arrays', '['.repeat(30_000) + ']'.repeat(30_000)],
  ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['arrays in a parameter', `{"release":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
])('deeply nested %s are params_invalid', async (_, body) => {
  const { ask, began } = await gateway();
  const response = await ask('pin', { method: 'POST', body });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ ok: false, error: { code: 'params_invalid' } });
  expect(began()).toEqual([]);
});

test('the page is served to GET and HEAD; other methods get 405 with Allow', async () => {
  const { url } = await gateway();
  expect(await (await fetch(url)).text()).toBe('page');
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const response = await fetch(url, { method });
    expect(response.status, method).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  }
});
