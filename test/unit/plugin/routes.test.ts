import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { identify, isAlive } from '../../../src/host/process.js';
import type { PluginApi } from '../../../src/plugin/api.js';
import type { Host } from '../../../src/plugin/host.js';
import { Looks } from '../../../src/plugin/looks.js';
import { registerRoutes } from '../../../src/plugin/routes.js';
import { rootAt } from '../../../src/store/root.js';
import { temporaryDirectory, until } from '../../support/place.js';

interface Refusal {
  error: { code: string };
}

const PAGE = { 'x-openclaw-releases': 'page' };

/** Stands in for our command: writes its pid, and answers when the file `go` is there. */
const SLOW = `
const fs = require('node:fs');
fs.writeFileSync(__dirname + '/started/' + process.pid, '');
process.stdin.resume();
setInterval(() => {
  if (!fs.existsSync(__dirname + '/go')) return;
  process.stdout.write(JSON.stringify({ ok: true, payload: { ok: true, method: process.argv[3] } }), () => process.exit());
}, 10);
`;

let directory: string;
let url: string;
/** Requests that the server has, and those whose client has gone. */
let seen: number;
let gone: number;

beforeEach(async () => {
  directory = temporaryDirectory('routes');
  writeFileSync(join(directory, 'cli.cjs'), SLOW);
  mkdirSync(join(directory, 'started'));
  const host = { cli: join(directory, 'cli.cjs'), root: rootAt(directory) } as Host;
  const handlers = new Map<
    string,
    (request: IncomingMessage, response: ServerResponse) => Promise<boolean>
  >();
  const api = {
    registerHttpRoute: ({ path, handler }: Parameters<PluginApi['registerHttpRoute']>[0]) =>
      handlers.set(path, handler),
  } as unknown as PluginApi;
  registerRoutes(api, host, new Looks(), { html: '<title>', headers: {} });
  seen = 0;
  gone = 0;
  const server = createServer((request, response) => {
    seen++;
    response.once('close', () => {
      if (!response.writableFinished) gone++;
    });
    const isApi = request.url?.startsWith('/releases/api');
    void handlers.get(isApi ? '/releases/api' : '/releases')?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

const started = () => readdirSync(join(directory, 'started')).map(Number);
const answer = () => writeFileSync(join(directory, 'go'), '');
const look = (name: string, options: RequestInit = {}) =>
  fetch(`${url}/releases/api/${name}`, { headers: PAGE, ...options });

describe('looks', () => {
  test('equal ones share one process, two run at most, and the rest are refused with a time', async () => {
    const first = Array.from({ length: 40 }, () => look('list'));
    await until('the first runs', () => started().length === 1);
    const second = look('history');
    await until('the second runs', () => started().length === 2);
    const refused = await Promise.all(Array.from({ length: 20 }, () => look('status')));
    for (const response of refused) {
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(await response.json()).toMatchObject({ ok: false, error: { code: 'too_many_requests' } });
    }
    answer();
    for (const response of await Promise.all([...first, second])) {
      expect(response.status).toBe(200);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(started()).toHaveLength(2);
    expect((await look('status')).status).toBe(200);
  });

  test('their process ends with the last client, and not before', async () => {
    const clients = [new AbortController(), new AbortController()];
    const asked = clients.map(({ signal }) => look('list', { signal }).catch(() => null));
    await until('it runs', () => started().length === 1);
    const process = identify(started()[0] ?? 0);
    if (!process) throw new Error('The process has gone.');
    const other = look('list');
    await until('all three have asked', () => seen === 3);
    for (const client of clients) client.abort();
    await Promise.all(asked);
    await until('two have gone', () => gone === 2);
    expect(isAlive(process), 'a third client waits').toBe(true);
    answer();
    expect((await other).status).toBe(200);
    expect(started()).toHaveLength(1);
  });

  test('a client that leaves frees its place for the next', async () => {
    const client = new AbortController();
    const asked = look('list', { signal: client.signal }).catch(() => null);
    await until('it runs', () => started().length === 1);
    const process = identify(started()[0] ?? 0);
    client.abort();
    await asked;
    await until('its process has ended', () => process === null || !isAlive(process));
    answer();
    expect((await look('list')).status).toBe(200);
    expect(started()).toHaveLength(2);
  });

  test('one without our own header starts nothing', async () => {
    for (const name of ['list', 'picture']) {
      const response = await look(name, { headers: {} });
      expect([response.status, ((await response.json()) as Refusal).error.code]).toEqual([403, 'forbidden']);
    }
    expect(started()).toEqual([]);
  });
});

test('parameters with more levels than ours are refused, in the body of a request too', async () => {
  for (const depth of [21, 300, 30_000]) {
    const response = await look('pin', {
      method: 'POST',
      headers: { ...PAGE, 'content-type': 'application/json', authorization: 'Bearer t' },
      body: `${'['.repeat(depth)}${']'.repeat(depth)}`,
    });
    expect([response.status, ((await response.json()) as Refusal).error.code], String(depth)).toEqual([
      400,
      'params_invalid',
    ]);
  }
  expect(started()).toEqual([]);
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('the page answers 405 to %s', async (method) => {
  const response = await fetch(`${url}/releases`, { method });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test.each(['GET', 'HEAD'])('the page answers %s', async (method) => {
  expect((await fetch(`${url}/releases`, { method })).status).toBe(200);
});
